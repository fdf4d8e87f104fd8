namespace RocketOps.Operator.Tests.Crashes;

/// <summary>Counts what goes on in a world, so that whoever has to be late is late by passes and not by time. Thread-safe.</summary>
internal sealed class WorldSteps
{
    /// <summary>After so many looks of the players that nothing gave a reason for, and no pass in between, nobody passes: there is no cluster to look at.</summary>
    private const int LooksOfAStill = 2;

    private readonly Lock _gate = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _passes;
    private int _looks;

    /// <summary>How many passes over clusters have seen all they look at.</summary>
    public int Passes
    {
        get
        {
            lock (_gate)
            {
                return _passes;
            }
        }
    }

    /// <summary>A pass has seen all it looks at.</summary>
    public void Pass()
    {
        lock (_gate)
        {
            _passes++;
            _looks = 0;
            Tell();
        }
    }

    /// <summary>The players have looked, though nobody had written anything.</summary>
    public void LookedInVain()
    {
        lock (_gate)
        {
            _looks++;
            Tell();
        }
    }

    /// <summary>Waits until there were so many passes, or the world stands still.</summary>
    public async Task PassedAsync(int passes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task next;
            lock (_gate)
            {
                if (_passes >= passes || _looks >= LooksOfAStill)
                {
                    return;
                }

                next = _next.Task;
            }

            await next.WaitAsync(cancellationToken);
        }
    }

    private void Tell()
    {
        _next.SetResult();
        _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
