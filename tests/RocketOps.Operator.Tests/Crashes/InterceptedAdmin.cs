using System.Reflection;
using RocketOps.Client;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>The brokers and name servers as one operator reaches them: somebody decides what becomes of each request, as the API server's interceptor does of those to it. Public, as a proxy is derived from it at run time.</summary>
public class InterceptedAdmin : DispatchProxy
{
    private static readonly MethodInfo Typed = typeof(InterceptedAdmin).GetMethod(nameof(AskAsync), BindingFlags.Instance | BindingFlags.NonPublic)!;

    private IRocketMqAdmin _brokers = null!;
    private Func<string, bool, Func<Task>, Task> _decide = null!;

    /// <param name="brokers">Whom it asks.</param>
    /// <param name="decide">Given the request as text, whether it is a write, and what sends it: sends it when it is to arrive, and throws when the operator is to get no answer.</param>
    public static IRocketMqAdmin Of(IRocketMqAdmin brokers, Func<string, bool, Func<Task>, Task> decide)
    {
        IRocketMqAdmin proxy = Create<IRocketMqAdmin, InterceptedAdmin>();
        ((InterceptedAdmin)proxy)._brokers = brokers;
        ((InterceptedAdmin)proxy)._decide = decide;
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        ArgumentNullException.ThrowIfNull(targetMethod);
        if (targetMethod.Name == nameof(IAsyncDisposable.DisposeAsync))
        {
            // Others reach the same brokers.
            return ValueTask.CompletedTask;
        }

        return targetMethod.ReturnType == typeof(Task)
            ? DecideAsync(targetMethod, args!, () => (Task)Send(targetMethod, args))
            : Typed.MakeGenericMethod(targetMethod.ReturnType.GetGenericArguments()).Invoke(this, [targetMethod, args]);
    }

    private async Task<TAnswer> AskAsync<TAnswer>(MethodInfo method, object?[] args)
    {
        TAnswer answer = default!;
        await DecideAsync(method, args, async () => answer = await (Task<TAnswer>)Send(method, args));
        return answer;
    }

    private Task DecideAsync(MethodInfo method, object?[] args, Func<Task> send) =>
        _decide($"{method.Name} {Subject(args)}", !method.Name.StartsWith("Get", StringComparison.Ordinal), send);

    private static string Subject(object?[] args) => string.Join(' ', args.Where(static arg => arg is string or TopicConfig).Select(static arg => (arg as TopicConfig)?.Name ?? arg));

    private object Send(MethodInfo method, object?[]? args) => method.Invoke(_brokers, BindingFlags.DoNotWrapExceptions, null, args, null)!;
}
