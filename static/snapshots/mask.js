"use strict";

// Loaded before anything is painted: amounts that somebody hid never flash up.
if (localStorage.getItem("daybook-hide-amounts") === "1") document.documentElement.classList.add("db-masked");
