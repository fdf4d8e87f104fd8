namespace RocketOps.Cli.Running;

/// <summary>
/// Runs what writes until somebody stops it, and ends it when whoever reads the output has gone, as GNU <c>tail -f</c> does: a closed pipe shows at the next write,
/// and where nothing happens there is none.
/// </summary>
internal sealed class FollowedOutput(Shell shell)
{
    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(500);

    private volatile bool _isReaderGone;

    /// <summary>Returns what <paramref name="follow"/> returns, or success when it was ended because nobody reads any more.</summary>
    public async Task<int> RunAsync(Func<CancellationToken, Task<int>> follow, CancellationToken cancellation)
    {
        if (shell.IsReaderGone is not { } isReaderGone)
        {
            return await follow(cancellation);
        }

        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task watching = WatchAsync(isReaderGone, end);
        try
        {
            int code = await follow(end.Token);
            return code == ExitCodes.Interrupted && _isReaderGone ? ExitCodes.Success : code;
        }
        catch (OperationCanceledException) when (_isReaderGone)
        {
            return ExitCodes.Success;
        }
        finally
        {
            await end.CancelAsync();
            await watching;
        }
    }

    private async Task WatchAsync(Func<bool> isReaderGone, CancellationTokenSource end)
    {
        while (!end.IsCancellationRequested)
        {
            if (isReaderGone())
            {
                _isReaderGone = true;
                await end.CancelAsync();
                return;
            }

            await Task.Delay(LookPeriod, shell.Time, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
