namespace RocketOps.Cli.Demo;

/// <summary>Progress of the demo. Counted by message, so a message that comes twice is a duplicate and not progress.</summary>
internal sealed record DemoProgress(string Step, int Sent, int ReceivedByFirst, int ReceivedBySecond, int Duplicates, int Missing, bool IsDone)
{
    public bool Succeeded => IsDone && Sent == DemoRun.MessageCount && Duplicates == 0 && Missing == 0;
}
