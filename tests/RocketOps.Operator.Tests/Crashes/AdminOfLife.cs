using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.ExceptionServices;
using RocketOps.Client;
using RocketOps.Operator.Admin;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>The brokers as one operator process reaches them: not at all once it has ended.</summary>
[SuppressMessage("Performance", "CA1852:Seal internal types", Justification = "A proxy is derived from it.")]
internal class AdminOfLife : DispatchProxy
{
    private static readonly string[] Writes = ["Create", "Update", "Delete", "Set", "Wipe", "Add"];

    private IRocketMqAdmin _brokers = null!;
    private OperatorLife _life = null!;

    public static IRocketMqAdmin Of(IRocketMqAdmin brokers, OperatorLife life)
    {
        IRocketMqAdmin proxy = Create<IRocketMqAdmin, AdminOfLife>();
        ((AdminOfLife)proxy)._brokers = brokers;
        ((AdminOfLife)proxy)._life = life;
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        string name = targetMethod!.Name;
        return name == nameof(IAsyncDisposable.DisposeAsync)
            ? ValueTask.CompletedTask
            : _life.Ask($"{name} {Subject(args!)}", Array.Exists(Writes, verb => name.StartsWith(verb, StringComparison.Ordinal)), () => Call(targetMethod, args));
    }

    private static string Subject(object?[] args) => string.Join(' ', args.Where(static arg => arg is string or TopicConfig).Select(static arg => (arg as TopicConfig)?.Name ?? arg));

    private object? Call(MethodInfo method, object?[]? args)
    {
        try
        {
            return method.Invoke(_brokers, args);
        }
        catch (TargetInvocationException thrown) when (thrown.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Throw(inner);
            throw;
        }
    }
}

/// <summary>Makes them.</summary>
internal sealed class AdminsOfLife(IRocketMqAdmin brokers, OperatorLife life) : IRocketMqAdminFactory
{
    public IRocketMqAdmin Create(string nameServers) => AdminOfLife.Of(brokers, life);
}
