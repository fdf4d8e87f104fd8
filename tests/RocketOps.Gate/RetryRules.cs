namespace RocketOps.Gate;

/// <summary>
/// Which failed tests are run again: those that said that a time ran out, which a busy machine can cause. A wrong value is a fault whatever the load, and where data is proven one red in twenty is the fault.
/// </summary>
internal static class RetryRules
{
    /// <summary>When more tests than these failed so, none is run again: the machine or the change is sick.</summary>
    public const int MostUnstable = 6;

    /// <summary>How often such a test is run again before it counts as failed.</summary>
    public const int MostReruns = 2;

    /// <summary>Their tests are about what a store, a group or a history may not lose.</summary>
    private static readonly string[] DataProjects = ["RocketOps.Store.Tests", "RocketOps.Election.Tests", "RocketOps.Protocol.Tests", "RocketOps.Faults.Tests"];

    /// <summary>And those of other projects whose class or method has one of these in its name.</summary>
    private static readonly string[] DataTests = ["Crash", "Simulation", "Histor", "Kill", "Allocation", "Order", "ExactlyOnce", "RoleCut", "RoleSwitch", "Diverged", "SpecWalk", "StoreInterop", "StoreHandOver"];

    /// <summary>The words of our tests, of .NET, of our clients and brokers, of Apache's and of the sockets.</summary>
    private static readonly string[] TimeRanOut =
    [
        "not within ", "TimeoutException", "RemotingTimeout", "OperationCanceledException", "TaskCanceledException", "operation timed out", "operation has timed out", "operation was canceled",
        "did not answer", "was not answered", "wait response on the channel", "wait reply message timeout", "does not show", "Address already in use", "(syncFlushTimeout)",
    ];

    public static bool MayRunAgain(TestResult result) =>
        result.Outcome == Outcome.Failed && SaysTimeRanOut(result.Message) && !ProvesData(result);

    public static bool ProvesData(TestResult result) => DataProjects.Contains(result.Project, StringComparer.Ordinal) || DataTests.Any(word => result.Method.Contains(word, StringComparison.Ordinal));

    /// <summary>Only the first lines speak of the cause; what follows may quote anything.</summary>
    public static bool SaysTimeRanOut(string message)
    {
        string cause = string.Join('\n', message.Split('\n').Take(5));
        return TimeRanOut.Any(words => cause.Contains(words, StringComparison.OrdinalIgnoreCase));
    }
}
