using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Remoting.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Groups;

/// <summary>How groups are to read topics (401, 402), and the file Apache's broker has of it.</summary>
public sealed class RequestModeTests
{
    [Fact]
    public async Task Set_Pull_IsKept_BesideWhatApachesBrokerLeft()
    {
        using TempDirectory directory = new("modes-");
        Directory.CreateDirectory(directory.File("store/config"));
        await File.WriteAllTextAsync(
            directory.File("store/config/messageRequestMode.json"),
            """{"messageRequestModeMap":{"StorePop":{"g_pop":{"consumerGroup":"g_pop","mode":"POP","popShareQueueNum":8,"topic":"StorePop"}}}}""");
        await using (TestBroker broker = await TestBroker.StartAsync(directory: directory))
        {
            await broker.CreateTopicAsync("T");
            (await SetAsync(broker, "T", "PULL")).Code.Should().Be(ResponseCode.Success);
        }

        await using TestBroker again = await TestBroker.StartAsync(directory: directory);
        RemotingCommand all = await again.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetAllMessageRequestMode));

        Encoding.UTF8.GetString(all.Body.Span).Should().Be(
            """{"messageRequestModeMap":{"StorePop":{"g_pop":{"consumerGroup":"g_pop","mode":"POP","popShareQueueNum":8,"topic":"StorePop"}},"T":{"g":{"consumerGroup":"g","mode":"PULL","popShareQueueNum":0,"topic":"T"}}}}""");
    }

    [Theory]
    [InlineData("%RETRY%g", "PULL", ResponseCode.NoPermission, "retry topic is not allowed to set mode")]
    [InlineData("Missing", "PULL", ResponseCode.TopicNotExist, "topic[Missing] not exist")]
    [InlineData("T", "POP", ResponseCode.RequestCodeNotSupported, "mode POP is not served by this broker, only PULL is")]
    public async Task Set_WhatCannotBe_IsRefused(string topic, string mode, int code, string remark)
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("T");

        RemotingCommand answer = await SetAsync(broker, topic, mode);

        answer.Code.Should().Be(code);
        answer.Remark.Should().StartWith(remark);
    }

    private static async Task<RemotingCommand> SetAsync(TestBroker broker, string topic, string mode)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.SetMessageRequestMode);
        request.Body = Encoding.UTF8.GetBytes($$"""{"topic":"{{topic}}","consumerGroup":"g","mode":"{{mode}}","popShareQueueNum":0}""");
        return await broker.InvokeAsync(request);
    }
}
