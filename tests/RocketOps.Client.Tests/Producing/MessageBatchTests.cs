using System.Diagnostics;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Tests.Producing;

/// <summary>Batches that take messages as long as they fit.</summary>
public sealed class MessageBatchTests
{
    [Fact]
    public async Task TryAdd_UntilItIsFull_TakesExactlyWhatABrokerTakes()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { MaxMessageBytes = 2_000 });
        MessageBatch batch = producer.CreateBatch("T");
        int added = 0;
        while (batch.TryAdd(new Message("T", $"{added:D3}", tag: "A", keys: $"k{added}")))
        {
            added++;
        }

        await producer.SendBatchAsync(batch);

        batch.Count.Should().Be(added).And.BePositive();
        RemotingCommand request = cluster.Broker.Of(RequestCode.SendBatchMessage).Should().ContainSingle().Subject;
        request.Body.Length.Should().Be(batch.SizeInBytes).And.BeLessThanOrEqualTo(batch.MaxSizeInBytes);
        (batch.SizeInBytes / added * (added + 1)).Should().BeGreaterThan(batch.MaxSizeInBytes, "one more would not fit");
        cluster.Broker.Texts("T", 0).Should().Equal(Enumerable.Range(0, added).Select(static i => $"{i:D3}"));
    }

    /// <summary>The context of the span travels in each message, and the span begins with the send.</summary>
    [Fact]
    public async Task Send_AFullBatchOfATracedProgram_HasRoomForTheContext()
    {
        using ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name == "RocketOps.Client",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { MaxMessageBytes = 2_000 });
        MessageBatch batch = producer.CreateBatch("T");
        int added = 0;
        while (batch.TryAdd(new Message("T", "x")))
        {
            added++;
        }

        await producer.SendBatchAsync(batch);

        cluster.Broker.Texts("T", 0).Should().HaveCount(added);
    }

    [Fact]
    public async Task TryAdd_WhatCanBeInNoSuchBatch_IsRefused()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { MaxMessageBytes = 1_000 });
        MessageBatch batch = producer.CreateBatch("T");
        batch.TryAdd(new Message("T", "x")).Should().BeTrue();

        batch.Invoking(static it => it.TryAdd(new Message("U", "x"))).Should().Throw<ArgumentException>().WithMessage("*for topic T, the message for U*");
        batch.Invoking(static it => it.TryAdd(new Message("T", "x") { DelayLevel = 1 })).Should().Throw<ArgumentException>().WithMessage("*none is delayed*");
        batch.Invoking(static it => it.TryAdd(new Message("T", "x") { WaitStored = false })).Should().Throw<ArgumentException>().WithMessage("*one wish to wait*");
        batch.Invoking(static it => it.TryAdd(new Message("T", new string('x', 990)))).Should().Throw<ArgumentException>().WithMessage("*in a batch, more than 1000*");
        batch.Count.Should().Be(1);
    }

    [Fact]
    public async Task Send_AnEmptyBatch_IsRefused()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = new(cluster.ProducerOptions);

        await producer.Awaiting(static it => it.SendBatchAsync(it.CreateBatch("T"))).Should().ThrowAsync<ArgumentException>().WithMessage("a batch needs a message*");
    }

    [Fact]
    public async Task Send_AListThatIsTooLarge_SaysHowManyFit()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { MaxMessageBytes = 1_000 });
        Message[] messages = [.. Enumerable.Range(0, 4).Select(static _ => new Message("T", new string('x', 300)))];

        await producer.Awaiting(it => it.SendBatchAsync(messages)).Should().ThrowAsync<ArgumentException>().WithMessage("*the first 2 of its 4 messages fit; CreateBatch*");
    }

    private static async Task<FakeCluster> StartAsync()
    {
        FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", queues: 1);
        return cluster;
    }
}
