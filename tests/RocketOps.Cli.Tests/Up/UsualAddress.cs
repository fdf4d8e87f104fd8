namespace RocketOps.Cli.Tests.Up;

/// <summary>Tests that start <c>rocketops up</c>, one after another: the address that one of them expects again must not be another's meanwhile.</summary>
[CollectionDefinition(nameof(UsualAddress))]
public sealed class UsualAddress;
