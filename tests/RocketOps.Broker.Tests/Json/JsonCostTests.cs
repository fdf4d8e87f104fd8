using System.Text;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Json;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Json;

/// <summary>What bodies cost as objects, before they are made.</summary>
public sealed class JsonCostTests
{
    private const int Elements = 10_000;

    [Theory]
    [InlineData("{}", 100, "an object without anything, and its place in a list")]
    [InlineData("\"a\"", 45, "a text of one letter, and its place in a list")]
    public void Of_ManySmallThings_IsWhatTheyTakeAndNotTheirBytes(string element, int bytes, string what)
    {
        string body = $"[{string.Join(',', Enumerable.Repeat(element, Elements))}]";

        JsonCost.Of(Encoding.UTF8.GetBytes(body)).Should().BeGreaterThan(bytes * Elements, what);
    }

    [Fact]
    public void Of_AHeartbeatAsClientsSendIt_IsNoMoreThanTenTimesItsBytes()
    {
        RemotingCommand request = Requests.Heartbeat("orders", "OrdersOfTheDay", "TagA || TagB", "10.1.2.3@4711#158921345667000", 1);
        byte[] heartbeat = request.Body.ToArray();

        JsonCost.Of(heartbeat).Should().BeInRange(3L * heartbeat.Length, 10L * heartbeat.Length);
    }

    /// <summary>A frame of 16 MiB would become a gigabyte of objects; whatever it is about, nobody has a use for that.</summary>
    [Fact]
    public async Task Request_WhoseBodyIsNothingButObjects_IsRefusedBeforeTheyAreMade()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        RemotingCommand heartbeat = Requests.Heartbeat($$"""{"clientID":"c","producerDataSet":[{{string.Join(',', Enumerable.Repeat("{}", 1_500_000))}}]}""");

        RemotingCommand answer = await broker.InvokeAsync(heartbeat);

        answer.Code.Should().Be(ResponseCode.SystemError);
        answer.Remark.Should().Contain("as objects, more than");
    }

    [Fact]
    public async Task ReadBody_OfAConnectionThatIsClosedForWhatItHolds_MakesNoObjectsAndHoldsNothing()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.SubscribeAsync("g", "T");
        broker.Host.Modules.Clients.Consumers.TryGet("g", out OnlineGroup? group).Should().BeTrue();
        RemotingConnection connection = group!.Channels.Single().Connection;
        RemotingCommand heartbeat = Requests.Heartbeat("g", "T", "*", "client-1", 1);
        connection.Abort("for the test");

        Action read = () => BrokerJson.ReadBody(connection, heartbeat, ClientJson.Default.HeartbeatBody, out HeartbeatBody _);

        read.Should().Throw<RemotingCommandException>().Which.ResponseCode.Should().Be(ResponseCode.SystemBusy);
        await Eventually.TrueAsync(() => broker.Host.HeldBytes == 0, "nothing is held for it");
    }

    [Fact]
    public async Task ReadBody_WhatIsNoJson_HoldsNothingOnceItIsRefused()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        (await broker.InvokeAsync(Requests.Heartbeat("{\"clientID\":"))).Remark.Should().StartWith("the body is no valid JSON");

        await Eventually.TrueAsync(() => broker.Host.HeldBytes == 0, "it is given back");
    }
}
