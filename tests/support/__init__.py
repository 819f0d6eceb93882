"""What tests share: fakes of our own ports, real data, drawings of cases."""
