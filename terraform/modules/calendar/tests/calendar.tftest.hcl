variables {
  tasks    = { min = 3, max = 30 }
  prescale = { tasks = 12 }

  fixtures = [
    { name = "early", kick_off = "2026-12-05T15:00:00Z" },
    { name = "late", kick_off = "2026-12-05T16:30:00Z", tasks = 20 },
    { name = "alone", kick_off = "2026-12-12T19:45:00Z" },
  ]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "tasks_stand_an_hour_before_kick_off_and_leave_after_the_game" {
  command = plan

  assert {
    condition     = output.schedules["before-alone"] == { schedule = "at(2026-12-12T18:45:00)", min = 12, max = 30 }
    error_message = "The tasks come at another time, or others."
  }

  assert {
    condition     = output.schedules["before-late"].min == 20
    error_message = "The number that the fixture asks for is not used."
  }

  assert {
    condition     = output.schedules["after-alone"] == { schedule = "at(2026-12-12T22:45:00)", min = 3, max = 30 }
    error_message = "The tasks are not sent home."
  }

  # The end of the early game would send the late game's tasks home.
  assert {
    condition     = !contains(keys(output.schedules), "after-early") && contains(keys(output.schedules), "after-late")
    error_message = "A game that ends during another takes its tasks away, or the last one does not."
  }
}

run "what_lies_in_the_past_creates_nothing" {
  command = plan

  variables {
    now = "2026-12-12T20:00:00Z" # in the last game
  }

  assert {
    condition     = keys(output.schedules) == ["after-alone"]
    error_message = "A game that is over has a schedule, or the tasks of one that is on are never sent home."
  }

  assert {
    condition     = length(output.windows) == 3
    error_message = "A window is forgotten."
  }
}

run "a_kick_off_without_a_zone_is_refused" {
  command = plan

  variables {
    fixtures = [{ name = "final", kick_off = "2026-12-05 19:45" }]
    now      = "today"
  }

  expect_failures = [var.fixtures, var.now]
}

run "a_kick_off_in_local_time_is_refused" {
  command = plan

  variables {
    fixtures = [{ name = "final", kick_off = "2026-12-05T19:45:00+01:00" }]
  }

  expect_failures = [var.fixtures]
}

run "two_games_of_one_name_are_refused" {
  command = plan

  variables {
    fixtures = [{ name = "final", kick_off = "2026-12-05T19:45:00Z" }, { name = "final", kick_off = "2026-12-06T19:45:00Z" }]
  }

  expect_failures = [var.fixtures]
}

run "a_name_with_spaces_is_refused" {
  command = plan

  variables {
    fixtures = [{ name = "The Final", kick_off = "2026-12-05T19:45:00Z" }]
  }

  expect_failures = [var.fixtures]
}

run "more_tasks_than_the_maximum_are_refused" {
  command = plan

  variables {
    fixtures = [{ name = "final", kick_off = "2026-12-05T19:45:00Z", tasks = 31 }]
  }

  expect_failures = [output.windows]
}

run "tasks_that_come_with_the_crowd_are_refused" {
  command = plan

  variables {
    prescale = { tasks = 12, lead_minutes = 5 }
  }

  expect_failures = [var.prescale]
}
