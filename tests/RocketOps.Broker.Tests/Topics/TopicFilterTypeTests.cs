using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Tests.Topics;

/// <summary>The filter type of a topic is one of RocketMQ's two, or the topic is not made.</summary>
public sealed class TopicFilterTypeTests
{
    [Theory]
    [InlineData("SINGLE_TAG", ResponseCode.Success)]
    [InlineData("MULTI_TAG", ResponseCode.Success)]
    [InlineData("NONE", ResponseCode.SystemError)]
    [InlineData("single_tag", ResponseCode.SystemError)]
    public async Task UpdateTopic_FilterType_IsKnownOrRefused(string filterType, int code)
    {
        await using TestBroker broker = await TestBroker.StartAsync();

        RemotingCommand answer = await broker.InvokeAsync(Requests.Topic("Typed").Set("topicFilterType", filterType));

        answer.Code.Should().Be(code, answer.Remark);
        answer.Remark.Should().Be(code == ResponseCode.Success ? null : $"topicFilterType = [{filterType}] value invalid");
        broker.Host.Modules.Topics.Topics.TryGet("Typed", out _).Should().Be(code == ResponseCode.Success);
    }
}
