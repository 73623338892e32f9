"""What is shown of one alert, case or event, as lines."""
