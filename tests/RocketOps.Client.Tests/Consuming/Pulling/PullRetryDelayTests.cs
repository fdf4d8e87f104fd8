using System.Collections.Concurrent;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests.Consuming.Pulling;

public sealed class PullRetryDelayTests : ConsumerTestBase
{
    private const int PullFailed = 4122;

    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentQueue<ClientError> _errors = new();

    [Theory]
    [InlineData(ResponseCode.SystemBusy, 3000, 1000)]
    [InlineData(ResponseCode.SystemError, 3000, 1000)]
    [InlineData(ResponseCode.SystemError, 500, 500)]
    [InlineData(ResponseCode.NoPermission, 3000, 3000)]
    public async Task Pull_Refused_IsRepeatedAfterTheDelayOfJavasClients(int code, int configuredMs, int expectedMs)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Overrides[RequestCode.PullMessage] = request => RemotingCommand.CreateResponse(request, code, "not now");
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { PullRetryDelay = TimeSpan.FromMilliseconds(configuredMs), TimeProvider = _time, OnError = _errors.Enqueue });
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        TimeSpan delay = TimeSpan.FromMilliseconds(expectedMs);
        await Eventually.TrueAsync(() => _errors.Any(static error => error.Id.Id == PullFailed) && _time.HasTimerIn(delay), "a pull is to be repeated");
        int pulls = cluster.Broker.Of(RequestCode.PullMessage).Length;

        _time.Advance(delay);

        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.PullMessage).Length > pulls, "the pull is repeated");
        _errors.First(static error => error.Id.Id == PullFailed).Text.Should().EndWith($"again in {expectedMs} ms");
    }
}
