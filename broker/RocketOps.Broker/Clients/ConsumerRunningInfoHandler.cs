using System.Globalization;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>
/// GET_CONSUMER_RUNNING_INFO (307): asks the member of the group itself and hands its answer on. Source: admin.md §2.4; texts as AdminBrokerProcessor.callConsumer
/// writes them.
/// </summary>
internal sealed class ConsumerRunningInfoHandler(ConsumerTable consumers) : AsyncRequestHandler
{
    /// <summary>RocketMQ waits as long for a client.</summary>
    private static readonly TimeSpan ClientTimeout = TimeSpan.FromSeconds(10);

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string group = request.GetRequired("consumerGroup");
        string clientId = request.GetRequired("clientId");
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
        consumers.TryGet(group, out ConsumerGroup? online)
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
