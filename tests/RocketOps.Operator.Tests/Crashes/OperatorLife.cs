using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RocketOps.Client;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>
/// One operator process, as the rest of the world sees it: from the moment it ends, none of its requests has any effect, whatever its code still does. Requests are told apart by their user agent.
/// </summary>
internal sealed class OperatorLife : IAsyncDisposable
{
    private readonly Func<string, Fate> _decide;
    private readonly Func<string, Fate> _decideRead;
    private readonly Func<ApiCall, Task> _deleted;
    private readonly Action<OperatorLife> _lost;
    private readonly Func<string, CancellationToken, Func<Task>>? _turns;
    private OperatorHost? _host;
    private TaskCompletionSource? _frozen;
    private volatile bool _dead;
    private volatile bool _isOld;

    /// <param name="agent">Its name among all.</param>
    /// <param name="decide">What becomes of a write.</param>
    /// <param name="decideRead">What becomes of what its controllers read from the API server itself.</param>
    /// <param name="deleted">Called when it has deleted something.</param>
    /// <param name="lost">Called once when it has died or is cut off: somebody has to take over.</param>
    /// <param name="turns">Of a kind, what is awaited before each piece of news of it is told; null where it learns of changes at once.</param>
    public OperatorLife(string agent, Func<string, Fate> decide, Func<string, Fate> decideRead, Func<ApiCall, Task> deleted, Action<OperatorLife> lost, Func<string, CancellationToken, Func<Task>>? turns)
    {
        Agent = agent;
        _decide = decide;
        _decideRead = decideRead;
        _deleted = deleted;
        _lost = lost;
        _turns = turns;
    }

    public string Agent { get; }

    public bool IsDead => _dead;

    public async Task StartAsync(KubernetesClientConfiguration server, OperatorOptions options, IRocketMqAdmin brokers) =>
        _host = await OperatorHost.StartAsync(server, options, services =>
        {
            services.AddSingleton<IRocketMqAdminFactory>(new FakeAdminFactory(InterceptedAdmin.Of(brokers, AskAsync)));

            // Never gives an answer up that is held back.
            services.MakeQuick(server, Agent, TimeSpan.FromHours(1));

            // Many reads may fail, one after the other.
            OperatorSettings settings = (OperatorSettings)services.First(static service => service.ServiceType == typeof(OperatorSettings)).ImplementationInstance!;
            settings.MaxBackoff = 4 * settings.InitialBackoff;
            ServiceDescriptor client = services.Last(static service => service.ServiceType == typeof(IKubernetesClient));
            services.AddSingleton<IKubernetesClient>(provider => new ClientOfLife((IKubernetesClient)client.ImplementationFactory!(provider), _decideRead));
        });

    /// <summary>Lets one that was cut off go on: what it had on its way is done now, and with its next write it finds out that it leads no more.</summary>
    public void Thaw()
    {
        _isOld = true;
        _frozen?.TrySetResult();
    }

    public void Kill()
    {
        _dead = true;
        _frozen?.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        if (_host is { } host)
        {
            await host.DisposeAsync();
        }
    }

    /// <summary>A request to the API server.</summary>
    public Task ServeAsync(ApiCall call, HttpContext context, Func<Task> serve)
    {
        return MeetAsync(call, context, call.Verb == "delete" ? DeleteAsync : serve);

        async Task DeleteAsync()
        {
            await serve();
            if (context.Response.StatusCode == StatusCodes.Status200OK)
            {
                await _deleted(call);
            }
        }
    }

    /// <summary>A request to a broker or name server.</summary>
    private async Task AskAsync(string request, bool isWrite, Func<Task> send)
    {
        if (_dead || _frozen is not null)
        {
            throw new RocketMqException("The operator is cut off.");
        }

        Fate fate = isWrite ? _decide(request) : Fate.Serve;
        switch (fate)
        {
            case Fate.Serve:
                await send();
                return;
            case Fate.DieBefore:
                Die();
                break;
            case Fate.DieAfter:
                await send();
                Die();
                break;
            case Fate.Freeze:
                _frozen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _lost(this);
                break;
            case Fate.LoseAnswer:
                await send();
                break;
            default:
                break;
        }

        throw new RocketMqException("injected fault");
    }

    private async Task MeetAsync(ApiCall call, HttpContext context, Func<Task> serve)
    {
        bool isWrite = call is { Verb: "create" or "update" or "patch" or "delete" or "deletecollection", Resource: not "events" };
        bool wasOnItsWay = false;
        if (_frozen is null && isWrite && !_dead)
        {
            Fate fate = _isOld ? Fate.DieBefore : _decide($"{call.Verb} {call.Resource}{(call.Subresource.Length > 0 ? "/" + call.Subresource : "")} {call.Name}");
            switch (fate)
            {
                case Fate.DieBefore:
                    Die();
                    break;
                case Fate.DieAfter:
                    await ApiFault.LoseAnswer.ApplyAsync(context, serve);
                    Die();
                    return;
                case Fate.Freeze:
                    wasOnItsWay = true;
                    _frozen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    _lost(this);
                    break;
                case Fate.Serve:
                    break;
                default:
                    await Fault(fate).ApplyAsync(context, serve);
                    return;
            }
        }

        if (_frozen is { } frozen && (!_isOld || wasOnItsWay))
        {
            await frozen.Task.WaitAsync(context.RequestAborted);
        }

        if (_dead || (_isOld && isWrite && !wasOnItsWay))
        {
            _dead = true;
            context.Abort();
            return;
        }

        if (call.Verb == "watch" && _turns is { } turns)
        {
            PacedStream.Pace(context, turns(call.Resource, context.RequestAborted));
        }

        await serve();
    }

    private static ApiFault Fault(Fate fate) => fate switch
    {
        Fate.Conflict => ApiFault.Fail(409, "Conflict"),
        Fate.Throttle => ApiFault.Fail(429, "TooManyRequests"),
        Fate.Error => ApiFault.Fail(500, "InternalError"),
        Fate.LoseAnswer => ApiFault.LoseAnswer,
        _ => throw new ArgumentOutOfRangeException(nameof(fate)),
    };

    private void Die()
    {
        _dead = true;
        _lost(this);
    }
}
