using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Client.Tests;

/// <summary>What a program may branch on when a call has failed.</summary>
public sealed class ErrorReasonTests
{
    [Theory]
    [InlineData(ResponseCode.SystemError, RocketMqErrorReason.ServerError, true)]
    [InlineData(ResponseCode.SystemBusy, RocketMqErrorReason.ServerBusy, true)]
    [InlineData(ResponseCode.ServiceNotAvailable, RocketMqErrorReason.ServerBusy, true)]
    [InlineData(ResponseCode.NoPermission, RocketMqErrorReason.NoPermission, false)]
    [InlineData(ResponseCode.TopicNotExist, RocketMqErrorReason.NotFound, false)]
    [InlineData(ResponseCode.SubscriptionGroupNotExist, RocketMqErrorReason.NotFound, false)]
    [InlineData(ResponseCode.MessageIllegal, RocketMqErrorReason.InvalidRequest, false)]
    [InlineData(ResponseCode.RequestCodeNotSupported, RocketMqErrorReason.Refused, false)]
    public async Task Send_RefusedByTheBroker_TellsTheKind(int code, RocketMqErrorReason reason, bool isTransient)
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", queues: 1);
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = request => RemotingCommand.CreateResponse(request, code, "no");
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { RetryTimes = 0 });

        RocketMqException failure = await FailureOfAsync(() => producer.SendAsync(new Message("T", "x")));

        failure.ResponseCode.Should().Be(code);
        failure.Reason.Should().Be(reason);
        failure.IsTransient.Should().Be(isTransient);
    }

    [Fact]
    public async Task Send_NoProgramListens_IsUnreachableAndListsEachTry()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", queues: 1);
        string away = Nobody();
        cluster.Redirect("T", away);
        await using RocketMqProducer producer = new(cluster.ProducerOptions);

        RocketMqException failure = await FailureOfAsync(() => producer.SendAsync(new Message("T", "x")));

        failure.Reason.Should().Be(RocketMqErrorReason.Unreachable);
        failure.IsTransient.Should().BeTrue();
        failure.Attempts.Should().HaveCount(3).And.OnlyContain(attempt => attempt.BrokerName == "broker-a" && attempt.Address == away && attempt.Reason == RocketMqErrorReason.Unreachable);
    }

    [Fact]
    public async Task Send_ToATopicThatIsNotThere_HasNoRoute()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        await using RocketMqProducer producer = new(cluster.ProducerOptions);

        RocketMqException failure = await FailureOfAsync(() => producer.SendAsync(new Message("T", "x")));

        failure.Reason.Should().Be(RocketMqErrorReason.NoRoute);
        failure.Attempts.Should().BeEmpty("no broker was tried");
    }

    [Fact]
    public async Task Send_NoNameServerIsThere_IsTold()
    {
        await using RocketMqProducer producer = new(new ProducerOptions { NameServers = Nobody(), SendTimeout = Eventually.DefaultDeadline });

        (await FailureOfAsync(() => producer.SendAsync(new Message("T", "x")))).Reason.Should().Be(RocketMqErrorReason.NameServersUnreachable);
    }

    [Fact]
    public async Task Admin_AnswerThatIsNoTable_IsInvalid()
    {
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.GetAllTopicConfig, FakePeer.Body("no json")));
        await using RocketMqAdmin admin = new(new AdminOptions { NameServers = Nobody() });

        (await FailureOfAsync(() => admin.GetTopicConfigsAsync(broker.Address))).Reason.Should().Be(RocketMqErrorReason.InvalidAnswer);
    }

    private static string Nobody() => $"127.0.0.1:{LoopbackPorts.Find()}";

    private static async Task<RocketMqException> FailureOfAsync(Func<Task> call) => (await FluentActions.Awaiting(call).Should().ThrowAsync<RocketMqException>()).Which;
}
