namespace RocketOps.Operator.Tests.Crashes;

/// <summary>What an operator makes of a scenario whom nothing happens to.</summary>
/// <param name="Scenario">Its name.</param>
/// <param name="From">What is there before.</param>
/// <param name="To">What is there when the change is made.</param>
/// <param name="WritesThere">How much the operator wrote for the change, as far as a scenario lets anything happen to it.</param>
/// <param name="WritesBack">And for the way back.</param>
internal sealed record UndisturbedRun(string Scenario, string From, string To, int WritesThere, int WritesBack);
