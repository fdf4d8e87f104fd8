using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Files;
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

    /// <summary>Each is an entry in a file that is written whole: whatever makes one counts together.</summary>
    [Fact]
    public async Task Groups_MadeByModesAndByMessagesThatAreGivenBack_AreNoMoreThanAConnectionMayMake()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxGroupsPerConnection"] = "2" });
        long offset = long.Parse((await broker.SendAsync("T", "m")).GetRequired("msgId").AsSpan(16), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

        (await SetAsync(broker, "T", "PULL", "first")).Code.Should().Be(ResponseCode.Success);
        (await GiveBackAsync("second")).Code.Should().Be(ResponseCode.Success);
        RemotingCommand[] refused = [await SetAsync(broker, "T", "PULL", "third"), await GiveBackAsync("fourth")];

        refused.Should().OnlyContain(static answer => answer.Code == ResponseCode.SystemError && answer.Remark!.Contains("maxGroupsPerConnection"));
        broker.Host.Modules.Groups.Groups.TryGet("third", out _).Should().BeFalse();
        broker.Host.Modules.Groups.Groups.TryGet("fourth", out _).Should().BeFalse();
        broker.Host.Modules.Topics.Topics.TryGet("%RETRY%fourth", out _).Should().BeFalse();
        (await GiveBackAsync("first")).Code.Should().Be(ResponseCode.Success, "it is there");

        Task<RemotingCommand> GiveBackAsync(string group) => broker.InvokeAsync(
            Requests.SendBack(group, offset));
    }

    [Fact]
    public async Task Follow_TheMastersTable_ReplacesThisOneAndIsWrittenOnce()
    {
        using TempDirectory directory = new("modes-");
        string path = directory.File("config", "messageRequestMode.json");
        RequestModeTable table = new(new BrokerSettings(TestBroker.OptionsOf(new(StringComparer.Ordinal) { ["storePathRootDir"] = directory.Path })), new LinuxFileSystem());
        await table.SetAsync("Gone", "g", new RequestMode { Topic = "Gone", ConsumerGroup = "g" });
        RequestModeFile master = new()
        {
            Modes = ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, RequestMode>>.Empty.Add(
                "T", ImmutableSortedDictionary<string, RequestMode>.Empty.Add("g", new RequestMode { Topic = "T", ConsumerGroup = "g", Mode = "POP" })),
        };

        await table.FollowAsync(master);

        table.Find("T", "g")!.Mode.Should().Be("POP");
        table.Find("Gone", "g").Should().BeNull();
        (await File.ReadAllTextAsync(path)).Should().Contain("POP").And.NotContain("Gone");
        File.Delete(path);
        await table.FollowAsync(master);
        File.Exists(path).Should().BeFalse("nothing has changed");
    }

    private static async Task<RemotingCommand> SetAsync(TestBroker broker, string topic, string mode, string group = "g")
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.SetMessageRequestMode);
        request.Body = Encoding.UTF8.GetBytes($$"""{"topic":"{{topic}}","consumerGroup":"{{group}}","mode":"{{mode}}","popShareQueueNum":0}""");
        return await broker.InvokeAsync(request);
    }
}
