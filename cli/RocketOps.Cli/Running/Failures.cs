using System.Net.Sockets;
using RocketOps.Client;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Protocol.Commands;

namespace RocketOps.Cli.Running;

/// <summary>One line for the user about what went wrong, with what to do where that is known.</summary>
internal static class Failures
{
    public static string Describe(Exception failure) => OneLine(failure switch
    {
        NameServersUnreachableException unreachable =>
            $"no name server answers at {unreachable.NameServers} ({Reason(unreachable)}). Give another address with -n HOST:PORT or NAMESRV_ADDR, or start a cluster here with \"rocketops up FILE\".",
        SubscriptionRefusedException refused => refused.Message,
        RocketMqException { ResponseCode: { } code } refused => $"{refused.Remark ?? "refused without a reason"} ({refused.Address} answered {Name(code)})",
        AggregateException { InnerExceptions: [{ } only] } => Describe(only),
        RocketMqException or CommandFailedException or KubernetesException or KubernetesConfigurationException or IOException or InvalidDataException or HttpRequestException or SocketException or UnauthorizedAccessException or ArgumentException => failure.Message,
        _ => $"{failure.GetType().Name}: {failure.Message} This is a bug of rocketops; ROCKETOPS_STACKTRACE=1 shows where.",
    });

    /// <summary>Returns the reason in few words, for the cell of a table.</summary>
    public static string Reason(Exception failure)
    {
        Exception innermost = failure;
        while (innermost.InnerException is { } inner)
        {
            innermost = inner;
        }

        return innermost switch
        {
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "connection refused",
            SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } => "no such host",
            TimeoutException => "no answer in time",
            RocketMqException { ResponseCode: { } code } refused => $"{Name(code)}: {refused.Remark}",
            _ => innermost.Message,
        };
    }

    /// <summary>RocketMQ's name of a response code.</summary>
    private static string Name(int code) => code switch
    {
        ResponseCode.SystemError => "SYSTEM_ERROR",
        ResponseCode.SystemBusy => "SYSTEM_BUSY",
        ResponseCode.RequestCodeNotSupported => "REQUEST_CODE_NOT_SUPPORTED",
        ResponseCode.MessageIllegal => "MESSAGE_ILLEGAL",
        ResponseCode.ServiceNotAvailable => "SERVICE_NOT_AVAILABLE",
        ResponseCode.NoPermission => "NO_PERMISSION",
        ResponseCode.TopicNotExist => "TOPIC_NOT_EXIST",
        ResponseCode.InvalidParameter => "INVALID_PARAMETER",
        ResponseCode.SubscriptionGroupNotExist => "SUBSCRIPTION_GROUP_NOT_EXIST",
        ResponseCode.ConsumerNotOnline => "CONSUMER_NOT_ONLINE",
        _ => $"code {code}",
    };

    private static string OneLine(string text) => string.Join(' ', text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}
