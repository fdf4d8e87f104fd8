using Microsoft.Extensions.Logging;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Headers;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>A stop goes on behind a part that fails, and so does a start that has to be undone.</summary>
public sealed class StopTests
{
    private const int StepFailed = 3004;

    [Fact]
    public async Task Dispose_PartsThatFail_EachIsLoggedAndTheStoreIsClosed()
    {
        using TempDirectory directory = new("broker-");
        RecordedLog log = new();
        FailingTimers time = new();
        TestBroker broker = await TestBroker.StartAsync(directory: directory, loggers: log, time: time);
        await broker.SendAsync("Kept", "one");
        await broker.SubscribeAsync("g", "Kept");
        await broker.PullAsync("g", "Kept", 0, 0, PullMessageRequestHeader.CommitOffsetFlag, commit: 1);

        time.Fail = true;
        await broker.DisposeAsync();

        log.Lines.Where(static line => line.Id == StepFailed).Should().HaveCountGreaterThan(2, "several parts have a timer").And.OnlyContain(static line => line.Level == LogLevel.Error);
        log.Lines.Should().Contain(static line => line.Text.Contains("did not stop cleanly", StringComparison.Ordinal));
        File.Exists(directory.File("store/abort")).Should().BeFalse("the store was closed in order");
        File.ReadAllText(directory.File("store/config/consumerOffset.json")).Should().Contain("Kept@g", "the offsets were written although parts before failed");
        time.Fail = false;
        await using TestBroker again = await TestBroker.StartAsync(directory: directory);
        await again.SubscribeAsync("g", "Kept");
        Requests.Decode(await again.PullAsync("g", "Kept", 0, 0)).Should().ContainSingle();
    }

    /// <summary>Whichever part it is, and one that is added later too: its failure is told by name, and everything else is stopped in its turn.</summary>
    [Fact]
    public async Task Dispose_AnyPartFails_IsToldAndTheOthersAreStopped()
    {
        using TempDirectory directory = new("broker-");
        IReadOnlyList<string> parts = await StopAsync(directory, failing: null);

        parts.Should().Contain(["the store", "the server", "the offset files", "the role session", "the registration"]);
        parts[^1].Should().Be("the store", "everything else writes to it");
        foreach (string part in parts)
        {
            (await StopAsync(directory, failing: part)).Should().Equal(parts);
        }
    }

    [Fact]
    public async Task Start_PortIsTaken_WhatWasStartedIsStopped()
    {
        using TempDirectory directory = new("broker-");
        await using TestBroker other = await TestBroker.StartAsync();
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["listenPort"] = other.Host.EndPoint.Port.ToString(System.Globalization.CultureInfo.InvariantCulture) };

        Func<Task> start = () => TestBroker.StartAsync(settings, directory);

        await start.Should().ThrowAsync<IOException>();
        File.Exists(directory.File("store/abort")).Should().BeFalse("the store was closed in order");
        await using TestBroker again = await TestBroker.StartAsync(directory: directory);
        await again.SendAsync("Free", "one");
    }

    /// <summary>Starts and stops a broker, of which one part fails, and returns the parts in the order in which they were stopped.</summary>
    private static async Task<IReadOnlyList<string>> StopAsync(TempDirectory directory, string? failing)
    {
        RecordedLog log = new();
        TestBroker broker = await TestBroker.StartAsync(directory: directory, loggers: log);
        await broker.SendAsync("Kept", "one");
        IReadOnlyList<string> parts = broker.Host.Stops.Parts;
        List<string> stopped = [];
        broker.Host.Stops.Stopped = part =>
        {
            stopped.Add(part);
            if (part == failing)
            {
                throw new InvalidOperationException("this part fails");
            }
        };

        await broker.DisposeAsync();

        stopped.Should().Equal(parts, "every part is stopped, though {0} fails", failing);
        string[] told = [.. log.Lines.Where(static line => line.Id == StepFailed).Select(static line => line.Text)];
        told.Should().Equal(failing is null ? [] : [$"Stopping {failing} failed; the other parts are stopped all the same"]);
        string end = failing is null ? "everything is on disk" : "1 of its parts did not stop cleanly";
        log.Lines.Should().Contain(line => line.Text.Contains(end, StringComparison.Ordinal));
        File.Exists(directory.File("store/abort")).Should().BeFalse("the store was closed in order");
        return stopped;
    }

    /// <summary>The system's clock; its periodic timers cannot be ended when told so.</summary>
    private sealed class FailingTimers : TimeProvider
    {
        public volatile bool Fail;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            period == Timeout.InfiniteTimeSpan ? base.CreateTimer(callback, state, dueTime, period) : new Timer(this, base.CreateTimer(callback, state, dueTime, period));

        private sealed class Timer(FailingTimers owner, ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

            // Time-outs and periodic timers of the runtime end this way, on threads where an exception ends the process.
            public void Dispose() => timer.Dispose();

            public async ValueTask DisposeAsync()
            {
                await timer.DisposeAsync();
                ThrowIfAsked();
            }

            private void ThrowIfAsked()
            {
                if (owner.Fail)
                {
                    throw new InvalidOperationException("the timer does not end");
                }
            }
        }
    }
}
