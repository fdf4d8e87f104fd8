using System.Text;
using RocketOps.Protocol.Names;

namespace RocketOps.Protocol.Tests.Names;

public class TopicNamesTests
{
    [Theory]
    [InlineData("TBW102")]
    [InlineData("RMQ_SYS_TRACE_TOPIC")]
    [InlineData("CHECKPOINT_TOPIC")]
    [InlineData("RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC")]
    [InlineData("rmq_sys_wheel_timer")]
    [InlineData("rmq_sys_anything")]
    public void RocketMqsOwnTopicsAreTheSystems(string topic)
    {
        TopicNames.IsSystem(topic).Should().BeTrue();
        TopicNames.IsOfBrokers(topic).Should().BeTrue();
        TopicNames.IsOfServers(topic).Should().BeTrue();
    }

    [Theory]
    [InlineData("orders")]
    [InlineData("RMQ_SYS_orders")]
    [InlineData("Rmq_Sys_orders")]
    [InlineData("tbw102")]
    [InlineData("x_REPLY_TOPIC")]
    [InlineData("RETRY%g")]
    public void WhatApplicationsMayMakeIsNobodyElses(string topic)
    {
        TopicNames.IsSystem(topic).Should().BeFalse();
        TopicNames.IsOfBrokers(topic, "a", "a-0").Should().BeFalse();
        TopicNames.IsOfServers(topic, "a", "a-0").Should().BeFalse();
    }

    [Theory]
    [InlineData("%RETRY%g", true, true)]
    [InlineData("%DLQ%g", true, true)]
    [InlineData("a", false, true)]
    [InlineData("a-0", false, true)]
    [InlineData("a_REPLY_TOPIC", false, true)]
    [InlineData("a-0_REPLY_TOPIC", false, true)]
    [InlineData("%LMQ%a", false, false)]
    [InlineData("DefaultHeartBeatSyncerTopic", false, false)]
    public void ServersMakeMoreThanTheSystemsTopics(string topic, bool isOfAnyBroker, bool isOfTheseBrokers)
    {
        TopicNames.IsSystem(topic).Should().BeFalse();
        TopicNames.IsOfBrokers(topic).Should().Be(isOfAnyBroker);
        TopicNames.IsOfBrokers(topic, "a", "a-0").Should().Be(isOfTheseBrokers);
        TopicNames.IsOfServers(topic, "a", "a-0").Should().BeTrue();
    }

    [Theory]
    [InlineData("", "The specified topic is blank.")]
    [InlineData(" \t\n", "The specified topic is blank.")]
    [InlineData("a b", "The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$")]
    [InlineData("orders\n", "The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$")]
    [InlineData("a.b", "The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$")]
    [InlineData("ä", "The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$")]
    [InlineData("%a|Z_-9", null)]
    public void NamesAreRefusedInRocketMqsWords(string topic, string? problem)
    {
        TopicNames.FindProblem(topic).Should().Be(problem);
        TopicNames.FindProblem(Encoding.UTF8.GetBytes(topic)).Should().Be(problem);
    }

    [Theory]
    [InlineData("", 127, null)]
    [InlineData("", 128, "The specified topic is longer than topic max length 127.")]
    [InlineData("%RETRY%", 255, null)]
    [InlineData("%RETRY%", 256, "The specified topic is longer than topic max length 255.")]
    [InlineData("%DLQ%", 255, null)]
    [InlineData("%DLQ%", 256, "The specified topic is longer than topic max length 255.")]
    [InlineData("%LMQ%", 128, "The specified topic is longer than topic max length 127.")]
    public void TopicsOfGroupsMayBeLonger(string prefix, int length, string? problem)
    {
        string topic = prefix.PadRight(length, 'x');

        TopicNames.FindProblem(topic).Should().Be(problem);
        TopicNames.FindProblem(Encoding.UTF8.GetBytes(topic)).Should().Be(problem);
    }

    [Fact]
    public void ATopicOfAGroupTellsTheGroup()
    {
        byte[] retry = Encoding.UTF8.GetBytes(TopicNames.RetryTopicOf("g"));
        byte[] dead = new byte[TopicNames.MaxGroupTopicLength];

        retry.Should().Equal("%RETRY%g"u8.ToArray());
        TopicNames.IsRetry(retry).Should().BeTrue();
        TopicNames.GroupOfRetry(retry).ToArray().Should().Equal("g"u8.ToArray());
        dead.AsSpan(0, TopicNames.WriteDeadLetterTopicOf("g"u8, dead)).ToArray().Should().Equal(Encoding.UTF8.GetBytes(TopicNames.DeadLetterTopicOf("g")));
    }

    [Theory]
    [InlineData("SCHEDULE_TOPIC_XXXX", true)]
    [InlineData("RMQ_SYS_TRANS_HALF_TOPIC", true)]
    [InlineData("rmq_sys_wheel_timer", true)]
    [InlineData("TBW102", false)]
    [InlineData("BenchmarkTest", false)]
    [InlineData("RMQ_SYS_TRACE_TOPIC", false)]
    [InlineData("orders", false)]
    public void SomeOfTheSystemsTopicsTakeNoMessages(string topic, bool isForbidden)
    {
        TopicNames.IsSendForbidden(topic).Should().Be(isForbidden);
        TopicNames.IsSendForbidden(Encoding.UTF8.GetBytes(topic)).Should().Be(isForbidden);
    }
}
