using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Admin;

/// <summary>Opens real administration clients.</summary>
internal sealed class RocketMqAdminFactory : IRocketMqAdminFactory
{
    private readonly OperatorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;

    public RocketMqAdminFactory(OperatorOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _time = time;
        _loggers = loggers;
    }

    public IRocketMqAdmin Create(string nameServers) => new RocketMqAdmin(new AdminOptions
    {
        NameServers = nameServers,
        RequestTimeout = _options.AdminTimeout,
        TimeProvider = _time,
        LoggerFactory = _loggers,
    });
}
