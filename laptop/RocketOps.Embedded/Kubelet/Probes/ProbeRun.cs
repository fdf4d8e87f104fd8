namespace RocketOps.Embedded.Kubelet.Probes;

/// <summary>
/// The probes of one run of a container. Until the first success, startup and readiness are asked more often than
/// their period, as the kubelet may do too: a broker that is up in 300 ms must not wait ten seconds to be seen. Such
/// early failures count once per period.
/// </summary>
internal sealed class ProbeRun(
    ContainerProbes probes,
    Prober prober,
    string podAddress,
    TimeProvider time,
    Action<bool> started,
    Action<bool> ready,
    Action<string, string> unhealthy)
{
    private static readonly TimeSpan FirstEarlyInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Runs until cancelled, or until the container must be restarted: then returns why.</summary>
    public async Task<string> RunAsync(CancellationToken cancellation)
    {
        if (probes.Startup is { } startup && await UntilAliveAsync(startup, "Startup", cancellation) is { } failure)
        {
            return failure;
        }

        started(true);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task readiness = ReadyAsync(both.Token);
        try
        {
            return await LivenessAsync(both.Token);
        }
        finally
        {
            await both.CancelAsync();
            await readiness.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<string?> UntilAliveAsync(ContainerProbe probe, string name, CancellationToken cancellation)
    {
        await Task.Delay(probe.InitialDelay, time, cancellation);
        long begun = time.GetTimestamp();
        TimeSpan interval = FirstEarlyInterval;
        int counted = 0;
        while (true)
        {
            ProbeResult result = await prober.CheckAsync(probe, podAddress, cancellation);
            if (result.Succeeded)
            {
                return null;
            }

            int failures = (int)(time.GetElapsedTime(begun) / probe.Period);
            if (failures > counted)
            {
                counted = failures;
                unhealthy(name, result.Message);
            }

            if (failures >= probe.FailureThreshold)
            {
                return $"{name} probe failed: {result.Message}";
            }

            await Task.Delay(interval, time, cancellation);
            interval = Longer(interval, probe.Period);
        }
    }

    private async Task ReadyAsync(CancellationToken cancellation)
    {
        if (probes.Readiness is not { } probe)
        {
            ready(true);
            return;
        }

        await Task.Delay(probe.InitialDelay, time, cancellation);
        TimeSpan interval = FirstEarlyInterval;
        long begun = time.GetTimestamp();
        int told = 0;
        bool isReady = false;
        int inARow = 0;
        while (true)
        {
            ProbeResult result = await prober.CheckAsync(probe, podAddress, cancellation);
            inARow = result.Succeeded == isReady ? 0 : inARow + 1;
            if (!isReady && result.Succeeded && inARow >= probe.SuccessThreshold)
            {
                isReady = true;
                inARow = 0;
                ready(true);
            }
            else if (isReady && !result.Succeeded)
            {
                unhealthy("Readiness", result.Message);
                if (inARow >= probe.FailureThreshold)
                {
                    isReady = false;
                    inARow = 0;
                    ready(false);
                }
            }
            else if (!isReady && !result.Succeeded && (int)(time.GetElapsedTime(begun) / probe.Period) is var periods && periods > told)
            {
                told = periods;
                unhealthy("Readiness", result.Message);
            }

            interval = isReady ? probe.Period : Longer(interval, probe.Period);
            await Task.Delay(interval, time, cancellation);
        }
    }

    private async Task<string> LivenessAsync(CancellationToken cancellation)
    {
        if (probes.Liveness is not { } probe)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation);
            return "";
        }

        await Task.Delay(probe.InitialDelay, time, cancellation);
        int failures = 0;
        while (true)
        {
            ProbeResult result = await prober.CheckAsync(probe, podAddress, cancellation);
            failures = result.Succeeded ? 0 : failures + 1;
            if (!result.Succeeded)
            {
                unhealthy("Liveness", result.Message);
            }

            if (failures >= probe.FailureThreshold)
            {
                return $"Liveness probe failed: {result.Message}";
            }

            await Task.Delay(probe.Period, time, cancellation);
        }
    }

    private static TimeSpan Longer(TimeSpan interval, TimeSpan period) =>
        TimeSpan.FromTicks(Math.Min(Math.Min(interval.Ticks * 3 / 2, period.Ticks), TimeSpan.TicksPerSecond));
}
