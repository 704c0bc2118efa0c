document.title = "call us";
