// Sends the payer on to the gateway; without scripts the button does the same.
document.querySelector("form[data-autosubmit]")?.submit();
