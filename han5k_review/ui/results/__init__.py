"""What the results page shares: charts, and the views that show them."""
