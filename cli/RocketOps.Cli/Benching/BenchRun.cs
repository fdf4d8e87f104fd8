using System.Globalization;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Benching;

/// <summary>Sends for a while, shows every second how it goes, and reports.</summary>
internal sealed class BenchRun(Shell shell, ClusterConnection cluster, BenchOptions options)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Load makes sends slow; how slow is what is measured.</summary>
    private static readonly TimeSpan SendPatience = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait for the next message at the end of a run.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly long _run = Random.Shared.NextInt64();
    private readonly LatencyHistogram _second = new();
    private readonly LatencyHistogram _all = new();
    private long _started;
    private long _begun;
    private long _sent;
    private long _failed;
    private string? _problem;

    public async Task<BenchReport> RunAsync(CancellationToken cancellation)
    {
        using CancellationTokenSource receiving = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        BenchReceiver? receiver = options.EndToEnd ? await BenchReceiver.StartAsync(cluster, options.Topic, _run, shell.Time, Measured, receiving.Token) : null;
        TimeSpan elapsed;
        try
        {
            elapsed = await SendAsync(receiver, cancellation);
            if (receiver is not null)
            {
                await WaitForRestAsync(receiver, cancellation);
            }
        }
        finally
        {
            await receiving.CancelAsync();
            if (receiver is not null)
            {
                await receiver.EndAsync();
            }
        }

        return new BenchReport { Options = options, Elapsed = elapsed, Sent = _sent, Failed = _failed, Received = receiver?.Received, Latencies = _all, Problem = _problem ?? receiver?.Problem };
    }

    private async Task<TimeSpan> SendAsync(BenchReceiver? receiver, CancellationToken cancellation)
    {
        await using RocketMqProducer producer = new(shell.Patient(new ProducerOptions { NameServers = cluster.NameServers, Group = "rocketops-bench", RetryTimes = 0, SendTimeout = SendPatience, TimeProvider = shell.Time, OnError = static _ => { } }));

        // Connections and routes are made before the clock starts.
        await producer.GetQueuesAsync(options.Topic, cancellation);
        _begun = shell.Time.GetTimestamp();
        using CancellationTokenSource showing = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task shown = ShowAsync(receiver, showing.Token);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, options.Concurrency).Select(_ => SendOneAfterAnotherAsync(producer, cancellation)));
            return shell.Time.GetElapsedTime(_begun);
        }
        finally
        {
            await showing.CancelAsync();
            await shown;
        }
    }

    private async Task SendOneAfterAnotherAsync(RocketMqProducer producer, CancellationToken cancellation)
    {
        byte[] body = new byte[options.Size];
        body.AsSpan().Fill((byte)'x');
        while (!cancellation.IsCancellationRequested && shell.Time.GetElapsedTime(_begun) < options.Duration)
        {
            long number = Interlocked.Increment(ref _started);
            if (number > options.Count || !await IsDueAsync(number, cancellation))
            {
                return;
            }

            long at = shell.Time.GetTimestamp();
            if (options.EndToEnd)
            {
                BenchMark.Write(body, _run, at);
            }

            try
            {
                await producer.SendAsync(new Message(options.Topic, body), cancellation);
                Interlocked.Increment(ref _sent);
                if (!options.EndToEnd)
                {
                    Measured(shell.Time.GetElapsedTime(at));
                }
            }
            catch (RocketMqException failure)
            {
                Interlocked.Increment(ref _failed);
                Interlocked.CompareExchange(ref _problem, Failures.Describe(failure), null);
            }
        }
    }

    /// <summary>Waits for the time of a message; false when that is after the end.</summary>
    private async Task<bool> IsDueAsync(long number, CancellationToken cancellation)
    {
        if (options.Rate is not { } rate)
        {
            return true;
        }

        TimeSpan due = TimeSpan.FromSeconds((number - 1) / rate);
        if (due >= options.Duration)
        {
            return false;
        }

        TimeSpan early = due - shell.Time.GetElapsedTime(_begun);
        if (early > TimeSpan.Zero)
        {
            await Task.Delay(early, shell.Time, cancellation);
        }

        return true;
    }

    private void Measured(TimeSpan latency)
    {
        _second.Add(latency);
        _all.Add(latency);
    }

    /// <summary>A line a second, in place at a terminal. Never throws.</summary>
    private async Task ShowAsync(BenchReceiver? receiver, CancellationToken cancellation)
    {
        using PeriodicTimer timer = new(Second, shell.Time);
        long sentBefore = 0;
        long at = shell.Time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                LatencyHistogram last = _second.TakeOut();
                long sent = Interlocked.Read(ref _sent);
                double seconds = shell.Time.GetElapsedTime(at).TotalSeconds;
                at = shell.Time.GetTimestamp();
                string line = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{shell.Time.GetElapsedTime(_begun).TotalSeconds,4:0} s  {(sent - sentBefore) / seconds,9:0}/s  p50 {last.Percentile(0.5).TotalMilliseconds:0.00} ms  p99 {last.Percentile(0.99).TotalMilliseconds:0.00} ms  max {last.Max.TotalMilliseconds:0.00} ms  sent {sent}  failed {Interlocked.Read(ref _failed)}{(receiver is null ? string.Empty : $"  received {receiver.Received}")}");
                sentBefore = sent;
                await shell.Error.WriteAsync(shell.IsErrorTerminal ? $"\r\u001b[K{line}" : line + "\n");
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            if (shell.IsErrorTerminal)
            {
                await shell.Error.WriteLineAsync();
            }
        }
    }

    private async Task WaitForRestAsync(BenchReceiver receiver, CancellationToken cancellation)
    {
        long seen = -1;
        long at = shell.Time.GetTimestamp();
        while (receiver.Received < _sent && shell.Time.GetElapsedTime(at) < shell.Patient(Patience))
        {
            if (receiver.Received != seen)
            {
                seen = receiver.Received;
                at = shell.Time.GetTimestamp();
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), shell.Time, cancellation);
        }
    }
}
