namespace RocketOps.Broker.Replication;

/// <summary>Runs both directions of a replication connection: when one ends, the other is ended too.</summary>
internal static class BothWays
{
    /// <summary>Returns, or throws what ended a direction, once both have ended.</summary>
    public static async Task RunAsync(Func<CancellationToken, Task> receives, Func<CancellationToken, Task> sends, CancellationToken stopping)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAll(EndAfterAsync(receives(ending.Token), ending), EndAfterAsync(sends(ending.Token), ending));
    }

    private static async Task EndAfterAsync(Task direction, CancellationTokenSource ending)
    {
        try
        {
            await direction;
        }
        finally
        {
            await ending.CancelAsync();
        }
    }
}
