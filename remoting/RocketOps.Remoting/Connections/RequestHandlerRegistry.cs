using System.Diagnostics.CodeAnalysis;
using RocketOps.Protocol.Commands;

namespace RocketOps.Remoting.Connections;

/// <summary>The one list of request codes a program serves. Filled at start, then only read; reading is thread-safe.</summary>
public sealed class RequestHandlerRegistry
{
    /// <summary>Codes below this are found by index; RocketMQ's hot ones all are.</summary>
    private const int DirectCodes = 1024;

    private readonly IRequestHandler?[] _direct = new IRequestHandler?[DirectCodes];
    private readonly Dictionary<int, IRequestHandler> _others = [];

    /// <summary>Asked before any handler; null lets everything through. Set at start.</summary>
    public IRequestGate? Gate { get; set; }

    /// <summary>The refusal that an exception stands for which handlers let through; null when it is a failure, to be logged. Set at start, called by any thread.</summary>
    public Func<Exception, RemotingCommandException?>? RefusalOf { get; set; }

    /// <summary>The registered codes, in no particular order.</summary>
    public IEnumerable<int> Codes => _others.Keys.Concat(Enumerable.Range(0, DirectCodes).Where(code => _direct[code] is not null));

    /// <summary>Registers the handler of a code. Throws <see cref="ArgumentException"/> when the code has one already.</summary>
    public RequestHandlerRegistry Add(int code, IRequestHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (TryGet(code, out _))
        {
            throw new ArgumentException($"request code {code} has a handler already", nameof(code));
        }

        if ((uint)code < DirectCodes)
        {
            _direct[code] = handler;
        }
        else
        {
            _others.Add(code, handler);
        }

        return this;
    }

    public bool TryGet(int code, [NotNullWhen(true)] out IRequestHandler? handler)
    {
        if ((uint)code < DirectCodes)
        {
            handler = _direct[code];
            return handler is not null;
        }

        return _others.TryGetValue(code, out handler);
    }
}
