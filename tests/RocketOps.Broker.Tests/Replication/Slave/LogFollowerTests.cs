using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Hosting.Modules;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Broker.Tests.Support;
using RocketOps.Hosting.Hosts;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Replication.Slave;

public sealed class LogFollowerTests
{
    private readonly FakeTimeProvider _time = new();

    /// <summary>It takes no messages before followers have come: whoever doubles its pauses lets producers wait twice as long as the master needs.</summary>
    [Fact]
    public async Task ElectedMasterIsNotReady_IsAskedAgainWithoutGrowingPauses()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        NotYet master = new();
        await using LogFollower follower = Start(broker, master);

        TimeSpan longest = TimeSpan.Zero;
        for (int attempt = 1; attempt <= 40; attempt++)
        {
            await Eventually.TrueAsync(() => master.Asked == attempt && _time.PendingTimers == 1, $"attempt {attempt}");
            TimeSpan pause = _time.UntilNextTimer!.Value;
            longest = pause > longest ? pause : longest;
            _time.Advance(pause);
        }

        longest.Should().Be(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task ElectedMasterStaysAway_IsAskedOnceASecond()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        NotYet master = new();
        await using LogFollower follower = Start(broker, master);

        TimeSpan pause = TimeSpan.Zero;
        for (int attempt = 1; pause < TimeSpan.FromSeconds(1); attempt++)
        {
            attempt.Should().BeLessThan(200, "pauses grow after the first seconds");
            await Eventually.TrueAsync(() => master.Asked == attempt && _time.PendingTimers == 1, $"attempt {attempt}");
            pause = _time.UntilNextTimer!.Value;
            _time.Advance(pause);
        }

        pause.Should().Be(TimeSpan.FromSeconds(1));
    }

    /// <summary>Where it serves slaves is not known before it has said so.</summary>
    [Fact]
    public async Task ElectedMasterWasNeverReached_IsNamedAllTheSame()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        using RecordedLog log = new();
        NotYet master = new();
        await using LogFollower follower = Start(broker, master, log);

        await Eventually.TrueAsync(() => master.Asked == 1 && _time.PendingTimers == 1, "it was asked");

        log.Lines.Should().ContainSingle(static line => line.Id == 3632).Which.Text.Should().Be(
            "Replication from b at 10.0.0.2:10911 is interrupted: it does not lead in epoch 6, not yet or not any more; tried again");
    }

    private LogFollower Start(TestBroker broker, IGroupJoin master, ILogger? log = null)
    {
        BrokerModules modules = broker.Host.Modules;
        MasterCheck check = new(
            modules.Host.Settings, modules.Host.Store, modules.Host.Client, modules.Replication.Origin, NullLogger.Instance);
        CurrentOptions<ReplicationOptions> options = modules.Host.Options<ReplicationOptions>();
        LogFollower follower = new(
            modules.Host.Settings,
            options,
            modules.Host.Store,
            modules.Replication.Master,
            check,
            new HostResolver(),
            new Following(options, _time),
            _time,
            log ?? NullLogger.Instance)
        {
            Join = master,
        };
        follower.Start();
        return follower;
    }

    /// <summary>A member that holds the lease and whose epoch has not begun.</summary>
    private sealed class NotYet : IGroupJoin
    {
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public string Master => "b at 10.0.0.2:10911";

        public Task<JoinedMaster> JoinAsync(Func<string, CancellationToken, Task> checkAsync, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            throw new IOException("it does not lead in epoch 6, not yet or not any more");
        }

        public void ThrowIfReplaced()
        {
        }

        public void OnMasterServes()
        {
        }
    }
}
