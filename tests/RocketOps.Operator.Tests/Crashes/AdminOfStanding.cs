using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using RocketOps.Client;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>The brokers as an operator reaches them that can stand still: each request waits for what is said of it before it arrives.</summary>
[SuppressMessage("Performance", "CA1852:Seal internal types", Justification = "A proxy is derived from it.")]
internal class AdminOfStanding : DispatchProxy
{
    private static readonly MethodInfo Typed = typeof(AdminOfStanding).GetMethod(nameof(AskAsync), BindingFlags.Instance | BindingFlags.NonPublic)!;

    private IRocketMqAdmin _brokers = null!;
    private Func<string, bool, Task> _meet = null!;

    /// <param name="brokers">Whom it asks.</param>
    /// <param name="meet">Lets a request pass, given by its name and whether it is a write.</param>
    public static IRocketMqAdmin Of(IRocketMqAdmin brokers, Func<string, bool, Task> meet)
    {
        IRocketMqAdmin proxy = Create<IRocketMqAdmin, AdminOfStanding>();
        ((AdminOfStanding)proxy)._brokers = brokers;
        ((AdminOfStanding)proxy)._meet = meet;
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == nameof(IAsyncDisposable.DisposeAsync))
        {
            return ValueTask.CompletedTask;
        }

        return targetMethod.ReturnType == typeof(Task)
            ? SendAsync(targetMethod, args)
            : Typed.MakeGenericMethod(targetMethod.ReturnType.GetGenericArguments()).Invoke(this, [targetMethod, args]);
    }

    private static bool IsWrite(MethodInfo method) => !method.Name.StartsWith("Get", StringComparison.Ordinal);

    private async Task SendAsync(MethodInfo method, object?[]? args)
    {
        await _meet(method.Name, IsWrite(method));
        await (Task)method.Invoke(_brokers, BindingFlags.DoNotWrapExceptions, null, args, null)!;
    }

    private async Task<TAnswer> AskAsync<TAnswer>(MethodInfo method, object?[]? args)
    {
        await _meet(method.Name, IsWrite(method));
        return await (Task<TAnswer>)method.Invoke(_brokers, BindingFlags.DoNotWrapExceptions, null, args, null)!;
    }
}
