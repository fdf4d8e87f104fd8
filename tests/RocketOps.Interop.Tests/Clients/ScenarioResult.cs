namespace RocketOps.Interop.Tests.Clients;

/// <summary>How one scenario of the kit's <c>rocketmq-check</c> ended.</summary>
/// <param name="Passed">Whether the check says that exactly this scenario passed.</param>
/// <param name="Verdict">What the check printed.</param>
/// <param name="Log">The end of what the scenario's commands said and of what the client warned about; a few dozen lines.</param>
public sealed record ScenarioResult(bool Passed, string Verdict, string Log)
{
    public override string ToString() => $"{Verdict}\n{Log}";
}
