using System.Text;
using System.Text.Json;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Tests.Support;

/// <summary>What a broker tells of itself to the operator and to people.</summary>
internal static class Figures
{
    /// <summary>Its runtime figures.</summary>
    public static async Task<Dictionary<string, string>> FiguresAsync(this TestBroker broker)
    {
        RemotingCommand answer = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetBrokerRuntimeInfo));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        using JsonDocument body = JsonDocument.Parse(answer.Body);
        return body.RootElement.GetProperty("table").EnumerateObject().ToDictionary(static figure => figure.Name, static figure => figure.Value.GetString()!, StringComparer.Ordinal);
    }

    /// <summary>Why it takes no messages, as one word and a sentence; both null while it takes them.</summary>
    public static async Task<(string? By, string? Why)> RefusalAsync(this TestBroker broker)
    {
        Dictionary<string, string> figures = await broker.FiguresAsync();
        return (figures.GetValueOrDefault("rocketOpsSendsRefusedBy"), figures.GetValueOrDefault("rocketOpsSendsRefused"));
    }

    /// <summary>Whether it follows, <c>true</c> or <c>false</c>, and why not; both null when it is no slave.</summary>
    public static async Task<(string? Follows, string? WhyNot)> FollowingAsync(this TestBroker broker)
    {
        Dictionary<string, string> figures = await broker.FiguresAsync();
        return (figures.GetValueOrDefault("rocketOpsFollows"), figures.GetValueOrDefault("rocketOpsNotFollowing"));
    }

    /// <summary>Changes its configuration while it runs.</summary>
    public static async Task ConfigureAsync(this TestBroker broker, string key, string value)
    {
        RemotingCommand update = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        update.Body = Encoding.UTF8.GetBytes($"{key}={value}\n");
        RemotingCommand answer = await broker.InvokeAsync(update);
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
    }
}
