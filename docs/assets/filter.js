// The index of rules: the field narrows its tables to the rows that have every word, and hides families of which none is left.
document$.subscribe(() => {
  const field = document.querySelector("input.filter");
  if (!field) return;
  const narrow = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const heading of document.querySelectorAll("article h2")) {
      let left = 0;
      let part = heading.nextElementSibling;
      for (; part && part.tagName !== "H2"; part = part.nextElementSibling) {
        for (const row of part.querySelectorAll("tbody tr")) {
          const text = row.textContent.toLowerCase();
          row.hidden = !words.every((word) => text.includes(word));
          left += row.hidden ? 0 : 1;
        }
      }
      for (part = heading; part && (part === heading || part.tagName !== "H2"); part = part.nextElementSibling) {
        part.hidden = left === 0;
      }
    }
  };
  field.hidden = false;
  field.addEventListener("input", narrow);
  narrow();
});
