using System.Text.Json;
using RocketOps.Client;
using RocketOps.Operator.ConsumerGroups;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Tests.ConsumerGroups;

public sealed class ConsumerGroupSettingsTests
{
    [Fact]
    public void Difference_GroupThatAConsumerMade_None() =>
        ConsumerGroupSettings.Difference(new ConsumerGroupSpec(), new SubscriptionGroupConfig { Name = "g" }).Should().BeNull("the defaults are RocketMQ's");

    [Fact]
    public void Difference_EveryField_Named()
    {
        ConsumerGroupSpec spec = new()
        {
            ConsumeEnable = false,
            ConsumeBroadcastEnable = false,
            ConsumeFromMinEnable = false,
            ConsumeMessageOrderly = true,
            RetryQueueNums = 2,
            RetryMaxTimes = 3,
            ConsumeTimeoutMinute = 4,
            BrokerId = 5,
            WhichBrokerWhenConsumeSlowly = 6,
            NotifyConsumerIdsChangedEnable = false,
            GroupRetryPolicy = new GroupRetryPolicySpec { Type = GroupRetryType.Exponential },
        };

        ConsumerGroupSettings.Difference(spec, new SubscriptionGroupConfig { Name = "g" }).Should().Be(
            "consumeEnable is true, not false; consumeBroadcastEnable is true, not false; consumeFromMinEnable is true, not false; consumeMessageOrderly is false, not true; retryQueueNums is 1, not 2; "
            + "retryMaxTimes is 16, not 3; consumeTimeoutMinute is 15, not 4; brokerId is 0, not 5; whichBrokerWhenConsumeSlowly is 1, not 6; notifyConsumerIdsChangedEnable is true, not false; "
            + "groupRetryPolicy is {\"type\":\"CUSTOMIZED\"}, not {\"type\":\"EXPONENTIAL\",\"exponentialRetryPolicy\":{\"initial\":5000,\"max\":7200000,\"multiplier\":2}}");
        ConsumerGroupSettings.Difference(spec, ConsumerGroupSettings.Wanted("g", spec, null)).Should().BeNull("what is written is what is asked for");
    }

    [Theory]
    [InlineData("""{"type":"EXPONENTIAL","exponentialRetryPolicy":{"initial":5000,"max":7200000,"multiplier":2}}""")]
    [InlineData("""{"type":"EXPONENTIAL","exponentialRetryPolicy":{"initial":5000},"customizedRetryPolicy":null}""")]
    [InlineData("""{"type":"EXPONENTIAL"}""")]
    public void Difference_PolicyWrittenInAnotherWay_None(string found)
    {
        ConsumerGroupSpec spec = new() { GroupRetryPolicy = new GroupRetryPolicySpec { Type = GroupRetryType.Exponential, ExponentialRetryPolicy = new ExponentialRetrySpec() } };

        ConsumerGroupSettings.Difference(spec, Found(found)).Should().BeNull();
    }

    [Fact]
    public void Difference_OtherWaits_Named()
    {
        ConsumerGroupSpec spec = new() { GroupRetryPolicy = new GroupRetryPolicySpec { CustomizedRetryPolicy = new CustomizedRetrySpec { Next = [1000, 5000] } } };

        ConsumerGroupSettings.Difference(spec, Found("""{"type":"CUSTOMIZED","customizedRetryPolicy":{"next":[1000]}}""")).Should().EndWith("not {\"type\":\"CUSTOMIZED\",\"customizedRetryPolicy\":{\"next\":[1000,5000]}}");
        ConsumerGroupSettings.Difference(spec, Found("""{"type":"CUSTOMIZED","customizedRetryPolicy":{"next":[1000,5000]}}""")).Should().BeNull();
    }

    [Fact]
    public void Wanted_WhatTheObjectDoesNotSpeakOf_Stays()
    {
        SubscriptionGroupConfig found = Found("""{"type":"EXPONENTIAL"}""") with { SystemFlags = 1, Subscriptions = JsonSerializer.SerializeToElement("s") };

        SubscriptionGroupConfig wanted = ConsumerGroupSettings.Wanted("g", new ConsumerGroupSpec { RetryMaxTimes = 3 }, found);

        wanted.RetryMaxTimes.Should().Be(3);
        wanted.RetryPolicy.Should().Be(found.RetryPolicy);
        wanted.SystemFlags.Should().Be(1);
        wanted.Subscriptions.Should().Be(found.Subscriptions);
    }

    [Fact]
    public void Difference_Attributes_EachIsNamed()
    {
        ConsumerGroupSpec spec = new() { Attributes = new() { ["priority.factor"] = "20", ["lite.bind.topic"] = "P", ["lite.sub.model"] = "Shared" } };
        SubscriptionGroupConfig found = new() { Name = "g", Attributes = new Dictionary<string, string> { ["lite.sub.wildcard"] = "", ["priority.factor"] = "50", ["lite.sub.model"] = "Shared" } };

        ConsumerGroupSettings.Difference(spec, found).Should().Be("attribute lite.bind.topic is absent, not \"P\"; attribute lite.sub.wildcard is \"\", not absent; attribute priority.factor is \"50\", not \"20\"");
        ConsumerGroupSettings.Wanted("g", spec, found).Attributes.Should().BeEquivalentTo(
            new Dictionary<string, string> { ["+lite.bind.topic"] = "P", ["-lite.sub.wildcard"] = "", ["+priority.factor"] = "20" }, "brokers take changes");
        ConsumerGroupSettings.Wanted("g", spec, null).Attributes!.Keys.Should().BeEquivalentTo("+lite.bind.topic", "+lite.sub.model", "+priority.factor");
    }

    [Fact]
    public void Difference_AttributesAbsent_StayAsTheyAre()
    {
        SubscriptionGroupConfig found = new() { Name = "g", Attributes = new Dictionary<string, string> { ["priority.factor"] = "50" } };

        ConsumerGroupSettings.Difference(new ConsumerGroupSpec(), found).Should().BeNull();
        ConsumerGroupSettings.Wanted("g", new ConsumerGroupSpec(), found).Attributes.Should().BeNull("a name without a change would be one more");
        ConsumerGroupSettings.Difference(new ConsumerGroupSpec { Attributes = [] }, found).Should().Be("attribute priority.factor is \"50\", not absent", "none is asked for");
    }

    [Theory]
    [InlineData(-5, 0)]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(9, 1)]
    [InlineData(10, 10)]
    [InlineData(1204, 1000)]
    [InlineData(long.MaxValue, 1_000_000_000_000_000_000)]
    public void Magnitude_Count_PowerOfTen(long count, long power) => ConsumerGroupProgress.Magnitude(count).Should().Be(power);

    private static SubscriptionGroupConfig Found(string policy) => new() { Name = "g", RetryPolicy = JsonSerializer.Deserialize<JsonElement>(policy) };
}
