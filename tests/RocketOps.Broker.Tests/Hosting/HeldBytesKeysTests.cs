using RocketOps.Broker.Clients;
using RocketOps.Broker.Tests.Support;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>The keys that bound what connections hold mean what they say on a whole broker; what they do in detail is tested where they do it.</summary>
public sealed class HeldBytesKeysTests
{
    private const int ClosedForBudget = 1018;
    private const int FrameStalled = 1019;

    /// <summary>The least that <c>maxHeldBytes</c> may be.</summary>
    private const long Limit = 32 * 1024 * 1024;

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly RecordedLog _log = new();

    [Fact]
    public async Task HeldBytesTimeout_IsForHowLongTheLimitMayBeExceeded()
    {
        await using TestBroker broker = await StartAsync(("maxHeldBytes", "33554432"), ("heldBytesTimeout", "5000"));
        await broker.SubscribeAsync("g", "T");
        await Eventually.TrueAsync(() => broker.Host.HeldBytes == 0, "nothing is held");
        broker.Host.Modules.Clients.Consumers.TryGet("g", out OnlineGroup? group).Should().BeTrue();
        RemotingConnection member = group!.Channels.Single().Connection;

        member.ChangeHeld(Limit + 1);
        _time.Advance(TimeSpan.FromMilliseconds(4_999));
        Logged(ClosedForBudget).Should().BeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Logged(ClosedForBudget).Should().BeTrue();
        await Eventually.TrueAsync(() => member.Closed.IsCancellationRequested, "it is closed");
        member.ChangeHeld(-(Limit + 1));
        broker.Host.HeldBytes.Should().Be(0);
    }

    [Theory]
    [InlineData("0", false)]
    [InlineData("1", true)]
    public async Task MinFrameBytesPerSecond_IsWhatAFrameHasToGet(string bytes, bool isClosed)
    {
        await using TestBroker broker = await StartAsync(("minFrameBytesPerSecond", bytes));
        await using RawConnection peer = await RawConnection.ConnectAsync(broker.Address);
        await peer.SendAsync(new byte[] { 0, 0, 16, 0, 0, 0 });
        await Eventually.TrueAsync(() => broker.Host.HeldBytes > 0, "what has come of the frame is held");

        // Four looks, and one more if the first of them comes in the middle of that.
        for (int look = 0; look < 5; look++)
        {
            _time.Advance(LookInterval);
        }

        Logged(FrameStalled).Should().Be(isClosed);
        if (isClosed)
        {
            (await peer.ReceiveAsync().WaitAsync(Eventually.DefaultDeadline)).Should().BeNull();
        }
    }

    private Task<TestBroker> StartAsync(params (string Key, string Value)[] settings) =>
        TestBroker.StartAsync(settings.ToDictionary(static setting => setting.Key, static setting => setting.Value, StringComparer.Ordinal), loggers: _log, time: _time);

    private bool Logged(int id) => _log.Lines.Any(line => line.Id == id);
}
