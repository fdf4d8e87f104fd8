using System.Globalization;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Clients;

/// <summary>Asks one member of a group what a tool wants to know of it, and hands the answer on as it is. Source: admin.md §2.4; texts as AdminBrokerProcessor.callConsumer writes them.</summary>
internal sealed class ConsumerCaller(ConsumerTable consumers)
{
    /// <summary>RocketMQ waits as long for a client.</summary>
    private static readonly TimeSpan ClientTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The member's answer to <paramref name="request"/>, which is sent on with its fields and body. Throws <see cref="RemotingCommandException"/> when there is none.</summary>
    public async ValueTask<RemotingCommand> CallAsync(RemotingCommand request, string group, string clientId, CancellationToken cancellationToken)
    {
        ClientChannel member = Find(group, clientId)
            ?? throw new RemotingCommandException(ResponseCode.SystemError, $"The Consumer <{group}> <{clientId}> not online");
        if (member.Version < MqVersion.ClientRunningInfo)
        {
            throw new RemotingCommandException(
                ResponseCode.SystemError,
                $"The Consumer <{clientId}> Version <{member.Version.ToString(CultureInfo.InvariantCulture)}> too low to finish, please upgrade it to V3_1_8_SNAPSHOT");
        }

        RemotingCommand question = RemotingCommand.CreateRequest(request.Code);
        foreach ((string name, string value) in request.ExtFields ?? [])
        {
            question.Set(name, value);
        }

        question.Body = request.Body;
        return HandOn(request, await AskAsync(member, question, group, cancellationToken));
    }

    private ClientChannel? Find(string group, string clientId) =>
        consumers.TryGet(group, out OnlineGroup? online)
            ? online.Channels.FirstOrDefault(channel => string.Equals(channel.ClientId, clientId, StringComparison.Ordinal))
            : null;

    private static async Task<RemotingCommand> AskAsync(ClientChannel member, RemotingCommand question, string group, CancellationToken cancellationToken)
    {
        try
        {
            return await member.Connection.InvokeAsync(question, ClientTimeout, cancellationToken);
        }
        catch (TimeoutException late)
        {
            throw new RemotingCommandException(ResponseCode.ConsumeMessageTimeout, $"consumer <{group}> <{member.ClientId}> Timeout: {late.Message}");
        }
        catch (Exception lost) when (lost is IOException or InvalidOperationException)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"invoke consumer <{group}> <{member.ClientId}> Exception: {lost.Message}");
        }
    }

    private static RemotingCommand HandOn(RemotingCommand request, RemotingCommand answer)
    {
        RemotingCommand response = RemotingCommand.CreateResponse(request, answer.Code, answer.Remark);
        foreach ((string name, string value) in answer.ExtFields ?? [])
        {
            response.Set(name, value);
        }

        response.Body = answer.Body;
        return response;
    }
}
