"""What pages of one subject look alike by: included as `page.css`."""
