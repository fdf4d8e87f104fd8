using System.Text.Json;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>What is sent again of what a Java program says, and what is not. Needs no kit.</summary>
public sealed class UnsentMessagesTests
{
    private const string NameServer = "127.0.0.1:9876";
    private const string Late = """{"event":"error","type":"RemotingTimeoutException","message":"invokeSync call the addr[127.0.0.1:9876] timeout","seq":0}""";
    private const string NoRoute = """{"event":"error","type":"MQClientException","code":10005,"message":"No route info of this topic: T","seq":0}""";
    private const string NoQueue = """{"event":"error","type":"MQBrokerException","code":29,"message":"CODE: 29  DESC: request queueId[2] is illegal, topic T has 1 write and 1 read queues BROKER: 127.0.0.1:9886","seq":2}""";
    private const string NoQueueEither = """{"event":"error","type":"MQBrokerException","code":1,"message":"CODE: 1  DESC: request queueId[3] is illegal, topic T has 1 write and 1 read queues BROKER: 127.0.0.1:9886","seq":3}""";
    private const string Lost = """{"event":"error","type":"RemotingTimeoutException","message":"wait response on the channel <127.0.0.1:9886> timeout, 375(ms)","seq":4}""";
    private const string Sent = """{"event":"sent","seq":1,"sendStatus":"SEND_OK"}""";

    [Fact]
    public void Find_WhatNobodyStored_IsFoundInRanges()
    {
        UnsentMessages.Find(Lines(Late, Sent, NoQueue, NoQueueEither), NameServer).Should().Equal((0, 1), (2, 2));
        UnsentMessages.Find(Lines(NoRoute, Sent), NameServer).Should().Equal((0, 1));
    }

    [Fact]
    public void Find_AMessageThatABrokerMayHave_NothingIsSentAgain() => UnsentMessages.Find(Lines(Late, Sent, Lost), NameServer).Should().BeEmpty();

    [Fact]
    public void Only_TheSameCallForSomeMessages() =>
        UnsentMessages.Only(["--count", "4", "--tag", "A,B"], (2, 2)).Should().Equal("--tag", "A,B", "--start", "2", "--count", "2");

    [Fact]
    public void InOrder_AsOneCallWouldHaveToldThem() =>
        UnsentMessages.InOrder([.. Lines(NoQueueEither, Sent, Late)]).Select(static line => line.GetProperty("seq").GetInt32()).Should().Equal(0, 1, 3);

    private static JsonElement[] Lines(params string[] lines) => [.. lines.Select(static line => JsonDocument.Parse(line).RootElement)];
}
