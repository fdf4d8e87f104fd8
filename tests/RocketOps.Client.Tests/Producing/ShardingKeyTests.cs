using System.Text;
using RocketOps.Client.Producing.Sending;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Docs;

namespace RocketOps.Client.Tests.Producing;

/// <summary>Messages of one key: in one queue, whichever library sends them, and as they were given.</summary>
public sealed class ShardingKeyTests
{
    /// <summary>As SelectMessageQueueByHash of 4.9.7 and 5.5.0 chooses: the remainder of the Java hash without its sign. The hashes of most of these are negative.</summary>
    [Theory]
    [InlineData("order-17", 4, 1)]
    [InlineData("customer-4", 4, 3)]
    [InlineData("customer-4", 8, 3)]
    [InlineData("order-2", 3, 1)]
    [InlineData("order-2", 4, 1)]
    [InlineData("order-1", 8, 6)]
    [InlineData("polygenelubricants", 3, 2)]
    public void QueueOf_Key_IsJavasChoice(string key, int queues, int expected) =>
        MessageSender.QueueOf(key, [.. Enumerable.Range(0, queues).Select(static id => new MessageQueue("T", "b", id))]).QueueId.Should().Be(expected);

    /// <summary>Programs in C# and in Java that were made of the same page send one key to one queue.</summary>
    [Fact]
    public void JavaOfTheDocs_ChoosesQueuesAsThisLibraryDoes()
    {
        string[] keyed = [.. DocumentedBlocks.ToRun("java").Select(static block => block.Text).Where(static text => text.Contains("MessageQueueByHash", StringComparison.Ordinal))];

        keyed.Should().HaveCountGreaterThanOrEqualTo(2).And.OnlyContain(static text => text.Contains("producer.send(message, new SelectMessageQueueByHash(), ", StringComparison.Ordinal));
        DocumentedBlocks.ToRun("java").Should().NotContain(static block => block.Text.Contains("hashCode()", StringComparison.Ordinal), "who chooses by hand chooses otherwise for negative hashes");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Send_WithAKey_LeavesTheMessageAsItWas(bool autoBatch)
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 4);
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { AutoBatch = autoBatch });
        Message message = new("T", "x", tag: "A");

        await producer.SendAsync(message, "one");
        await producer.SendAsync(message, "another");
        await producer.SendAsync(message);

        message.Properties.Keys.Should().Equal("TAGS");
        cluster.Broker.Of(RequestCode.SendMessageV2).Select(static request => MessagePropertiesCodec.Read(Encoding.UTF8.GetBytes(request.GetRequired("i"))).GetValueOrDefault("__SHARDINGKEY"))
            .Should().Equal("one", "another", null);
        await FluentActions.Awaiting(() => producer.SendAsync(message, "a\u0001b")).Should().ThrowAsync<ArgumentException>();
    }
}
