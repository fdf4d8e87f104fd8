using System.Text.Json;
using Microsoft.Extensions.Hosting;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Consuming;

/// <summary>Subscriptions by properties: checked by brokers at the start, told to them with heartbeats.</summary>
public sealed class SqlSubscriptionTests : ConsumerTestBase
{
    private const string Reason = "Expression error. line 1, column 8";

    [Fact]
    public async Task Start_WithAnExpression_ChecksItAndTellsTheBroker()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "m", "any tag");
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", SubscriptionExpression.Sql(" price > 10 "), Collect);
        cluster.Broker.Of(RequestCode.CheckClientConfig).Should().BeEmpty("nothing is connected before the start");

        await consumer.StartAsync();

        await Eventually.TrueAsync(() => Received.Count == 1, "what the broker finds is taken whatever its tag");
        JsonElement check = Body(cluster.Broker.Of(RequestCode.CheckClientConfig).Should().ContainSingle().Subject);
        check.GetProperty("clientId").GetString().Should().Be(consumer.ClientId);
        check.GetProperty("group").GetString().Should().Be("g");
        ShouldBeSql(check.GetProperty("subscriptionData"), "price > 10");
        JsonElement group = Body(cluster.Broker.Of(RequestCode.HeartBeat)[^1]).GetProperty("consumerDataSet")[0];
        ShouldBeSql(group.GetProperty("subscriptionDataSet").EnumerateArray().Single(static item => item.GetProperty("topic").GetString() == "T"), "price > 10");
        cluster.Broker.Of(RequestCode.PullMessage).First(static pull => pull.Get("topic") == "T").Get("expressionType").Should().Be("SQL92");
    }

    [Fact]
    public async Task Start_WithTagsOnly_AsksNobody()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", SubscriptionExpression.Tags("A || B"), Collect);

        await consumer.StartAsync();

        cluster.Broker.Of(RequestCode.CheckClientConfig).Should().BeEmpty();
    }

    [Fact]
    public async Task Start_WithAnExpressionThatIsRefused_ThrowsItsReasonAndCanBeRepeated()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        RefuseBad(cluster);
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", SubscriptionExpression.Sql("price >"), Collect);

        SubscriptionRefusedException refused = (await consumer.Awaiting(static it => it.StartAsync()).Should().ThrowAsync<SubscriptionRefusedException>()).Which;

        refused.Should().Match<SubscriptionRefusedException>(static it => it.ResponseCode == ResponseCode.SubscriptionParseFailed && it.Remark == Reason && it.Topic == "T" && it.Expression == "price >");
        refused.Message.Should().Be($"{cluster.Broker.Address} does not take the expression \"price >\" for topic T: {Reason}");
        await consumer.SubscribeAsync("T", SubscriptionExpression.Sql("price > 1"), Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => consumer.AssignedQueues.Any(static queue => queue.Topic == "T"), "it reads");
    }

    [Fact]
    public async Task Subscribe_AfterTheStartWithAnExpressionThatIsRefused_KeepsTheOneBefore()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        RefuseBad(cluster);
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "A", Collect);
        await consumer.StartAsync();

        await consumer.Awaiting(it => it.SubscribeAsync("T", SubscriptionExpression.Sql("price >"), Collect)).Should().ThrowAsync<SubscriptionRefusedException>();

        cluster.Broker.Append("T", 0, "still", "A");
        await Eventually.TrueAsync(() => Texts.Contains("still"), "it goes on with tags");
        cluster.Broker.Of(RequestCode.PullMessage).Should().OnlyContain(static pull => pull.Get("expressionType") == "TAG");
    }

    [Fact]
    public async Task Start_BrokerThatDoesNotFilter_SaysWhichKeyItNeeds()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Overrides[RequestCode.CheckClientConfig] = static request =>
            RemotingCommand.CreateResponse(request, ResponseCode.SystemError, "The broker does not support consumer to filter message by SQL92");
        await using RocketMqStreamConsumer consumer = new(Options(cluster));
        await consumer.SubscribeAsync("T", SubscriptionExpression.Sql("price > 1"));

        await consumer.Awaiting(static it => it.ReceiveAsync().AsTask()).Should().ThrowAsync<SubscriptionRefusedException>().WithMessage("*SQL92 (set enablePropertyFilter=true in its configuration)");
    }

    [Fact]
    public async Task Host_WithAnExpressionThatIsRefused_DoesNotStart()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        RefuseBad(cluster);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        cluster.AddTo(builder.Services).AddConsumer<IgnoringHandler>("g", "T", SubscriptionExpression.Sql("price >"), RocketMqBuilderTests.Patient);
        using IHost host = builder.Build();

        await host.Awaiting(static it => it.StartAsync()).Should().ThrowAsync<SubscriptionRefusedException>().WithMessage($"*{Reason}*");
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void Sql_OfNothing_IsRefused(string expression) => FluentActions.Invoking(() => SubscriptionExpression.Sql(expression)).Should().Throw<ArgumentException>();

    private static void RefuseBad(FakeCluster cluster) => cluster.Broker.Overrides[RequestCode.CheckClientConfig] = static request =>
        Body(request).GetProperty("subscriptionData").GetProperty("subString").GetString() == "price >" ? RemotingCommand.CreateResponse(request, ResponseCode.SubscriptionParseFailed, Reason) : null;

    private static void ShouldBeSql(JsonElement subscription, string expression)
    {
        subscription.GetProperty("expressionType").GetString().Should().Be("SQL92");
        subscription.GetProperty("subString").GetString().Should().Be(expression);
        subscription.GetProperty("tagsSet").GetArrayLength().Should().Be(0);
        subscription.GetProperty("codeSet").GetArrayLength().Should().Be(0);
        subscription.TryGetProperty("isSql", out _).Should().BeFalse();
        subscription.TryGetProperty("IsSql", out _).Should().BeFalse();
    }

    private static JsonElement Body(RemotingCommand request)
    {
        using JsonDocument body = JsonDocument.Parse(request.Body);
        return body.RootElement.Clone();
    }

    internal sealed class IgnoringHandler : IMessageHandler
    {
        public ValueTask<ConsumeResult> HandleAsync(ReceivedMessage message, CancellationToken cancellationToken) => ValueTask.FromResult(ConsumeResult.Success);
    }
}
