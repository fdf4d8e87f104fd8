using RocketOps.Remoting.Connections;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Support;

/// <summary>The positive control of what is looked at in every test: a thread that drives connections and waits for the disk is found.</summary>
public sealed class WatchedDiskTests
{
    [Fact]
    public async Task Call_ByAThreadThatDrivesConnections_IsNotedAndFailsTheTest()
    {
        AskedClock clock = new();
        TestBroker broker = await TestBroker.StartAsync(time: clock);
        string path = broker.Directory.Path;
        broker.Disk.DirectoryExists(path);
        broker.Disk.Waits.Should().BeEmpty("any other thread may wait");

        int asked = 0;
        clock.OnDriver = () =>
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                broker.Disk.DirectoryExists(path);
            }
        };
        await Eventually.TrueAsync(
            async () =>
            {
                await broker.SendAsync("T", "body");
                return asked > 0;
            },
            "a thread that drives connections asks for the time");
        clock.OnDriver = null;

        broker.Disk.Waits.Should().ContainSingle().Which.Should().StartWith($"look for {path}\n").And.Contain(nameof(WatchedDiskTests), "the stack says who waits");
        Func<Task> end = async () => await broker.DisposeAsync();
        await end.Should().ThrowAsync<Exception>().WithMessage("*all connections of a thread wait with it*");
    }

    /// <summary>The system's clock, which does something else too when a thread that drives connections, and is not in a commit, asks for the time.</summary>
    private sealed class AskedClock : TimeProvider
    {
        private volatile Action? _onDriver;

        public Action? OnDriver
        {
            set => _onDriver = value;
        }

        public override DateTimeOffset GetUtcNow()
        {
            Look();
            return base.GetUtcNow();
        }

        public override long GetTimestamp()
        {
            Look();
            return base.GetTimestamp();
        }

        private void Look()
        {
            if (DriverThread.MustNotBlock)
            {
                _onDriver?.Invoke();
            }
        }
    }
}
