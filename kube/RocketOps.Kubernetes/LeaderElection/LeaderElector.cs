using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.LeaderElection;

/// <summary>
/// Competes for a Lease and runs work while holding it, again and again. Clocks of different machines are never compared: an observer counts from its own
/// last sight of a change, a leader from before it sent its last successful renewal, so that the leader's view always ends first.
/// </summary>
/// <remarks>
/// At most one process <em>believes</em> it leads while processes run normally. A process that was frozen, or whose request was under way, can still write a
/// moment later: what must not happen twice needs a fence of its own (resourceVersion, epoch).
/// </remarks>
public sealed partial class LeaderElector
{
    internal const double JitterFactor = 1.2;

    private readonly IKubernetesClient _client;
    private readonly LeaderElectionOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>The lease as last seen, and when (by our clock) it was seen to change.</summary>
    private Lease? _observed;
    private long _observedAt;

    /// <summary>Start of the last successful renewal; our claim ends a renew deadline later.</summary>
    private long _renewedAt;
    private volatile bool _holding;
    private string? _lastError;

    public LeaderElector(IKubernetesClient client, LeaderElectionOptions options, TimeProvider? time = null, ILogger<LeaderElector>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _client = client;
        _options = options;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<LeaderElector>.Instance;
    }

    /// <summary>True when this process leads at this moment: by the clock, not by memory.</summary>
    public bool IsLeader => _holding && _time.GetElapsedTime(Volatile.Read(ref _renewedAt)) < _options.LeaseDuration;

    /// <summary>Holder of the lease when it was last seen; null before that, empty when it is free.</summary>
    public string? ObservedHolder => Volatile.Read(ref _observed)?.Spec?.HolderIdentity;

    /// <summary>
    /// Leads whenever it can, until cancelled. The work gets a token that ends with the leadership; it is waited for before the lease is given up, and a new
    /// term starts the work anew. An exception of the work ends everything.
    /// </summary>
    public async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        while (!cancellationToken.IsCancellationRequested)
        {
            if (!await AcquireAsync(cancellationToken))
            {
                return;
            }

            LogAcquired(_logger, _options.LeaseNamespace, _options.LeaseName, _options.Identity);
            await LeadAsync(work, cancellationToken);
        }
    }

    /// <summary>One attempt to take or keep the lease.</summary>
    internal async Task<bool> TryAcquireOrRenewAsync(CancellationToken cancellationToken)
    {
        long startedAt = _time.GetTimestamp();
        Lease? lease = await _client.GetAsync<Lease>(_options.LeaseName, _options.LeaseNamespace, cancellationToken);
        if (lease is null)
        {
            return Adopt(await CreateAsync(cancellationToken), startedAt);
        }

        Observe(lease);
        LeaseSpec spec = lease.Spec ??= new LeaseSpec();
        string holder = spec.HolderIdentity ?? "";
        bool mine = holder == _options.Identity;
        if (!mine && holder.Length > 0 && !HasExpired(spec))
        {
            _holding = false;
            return false;
        }

        DateTimeOffset now = _time.GetUtcNow();
        spec.HolderIdentity = _options.Identity;
        spec.LeaseDurationSeconds = (int)_options.LeaseDuration.TotalSeconds;
        spec.RenewTime = now;
        if (!mine || !_holding)
        {
            // Also when we find our own name after having lost the lease: a new term is a new term for whoever counts them.
            spec.AcquireTime = now;
            spec.LeaseTransitions = (spec.LeaseTransitions ?? 0) + 1;
        }

        return Adopt(await ReplaceAsync(lease, cancellationToken), startedAt);
    }

    private async Task<bool> AcquireAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (await AttemptAsync(cancellationToken))
                {
                    return true;
                }

                await DelayAsync(_options.LeaseDuration, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
        }

        return false;
    }

    private async Task LeadAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using CancellationTokenSource leadership = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task working = RunWorkAsync(work, leadership);
        await RenewUntilLostAsync(leadership);
        await leadership.CancelAsync();
        try
        {
            await working;
        }
        finally
        {
            if (IsLeader)
            {
                await ReleaseAsync();
            }

            _holding = false;
            LogStopped(_logger, _options.LeaseNamespace, _options.LeaseName);
        }
    }

    private static async Task RunWorkAsync(Func<CancellationToken, Task> work, CancellationTokenSource leadership)
    {
        try
        {
            await work(leadership.Token);
        }
        catch (OperationCanceledException) when (leadership.IsCancellationRequested)
        {
            // That is how leadership ends.
        }
        finally
        {
            // Work that ends by itself, or fails, ends the term.
            await leadership.CancelAsync();
        }
    }

    private async Task RenewUntilLostAsync(CancellationTokenSource leadership)
    {
        while (!leadership.IsCancellationRequested)
        {
            try
            {
                await DelayAsync(_options.RenewDeadline - _time.GetElapsedTime(_renewedAt), leadership.Token);
                if (!await AttemptAsync(leadership.Token) && !_holding)
                {
                    LogLost(_logger, _options.LeaseNamespace, _options.LeaseName, ObservedHolder);
                    return;
                }
            }
            catch (OperationCanceledException) when (leadership.IsCancellationRequested)
            {
                return;
            }

            if (_time.GetElapsedTime(_renewedAt) >= _options.RenewDeadline)
            {
                LogDeadline(_logger, _options.LeaseNamespace, _options.LeaseName, _options.RenewDeadline);
                return;
            }
        }
    }

    /// <summary>An attempt that ends in time: an answer after the deadline is worthless.</summary>
    private async Task<bool> AttemptAsync(CancellationToken cancellationToken)
    {
        TimeSpan limit = _options.RenewDeadline / 2 > TimeSpan.FromSeconds(1) ? _options.RenewDeadline / 2 : TimeSpan.FromSeconds(1);
        if (_holding)
        {
            TimeSpan left = _options.RenewDeadline - _time.GetElapsedTime(_renewedAt);
            limit = left < limit ? left : limit;
            if (limit <= TimeSpan.Zero)
            {
                return false;
            }
        }

        using CancellationTokenSource deadline = new(limit, _time);
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            bool held = await TryAcquireOrRenewAsync(linked.Token);
            Interlocked.Exchange(ref _lastError, value: null);
            return held;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            AttemptFailed($"no answer within {limit}");
            return false;
        }
        catch (Exception e) when (e is KubernetesException or HttpRequestException or IOException or TimeoutException or InvalidDataException)
        {
            AttemptFailed(e.Message);
            return false;
        }
    }

    private async Task<Lease?> CreateAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        Lease lease = new()
        {
            Metadata = new ObjectMeta { Name = _options.LeaseName, Namespace = _options.LeaseNamespace },
            Spec = new LeaseSpec
            {
                HolderIdentity = _options.Identity,
                LeaseDurationSeconds = (int)_options.LeaseDuration.TotalSeconds,
                AcquireTime = now,
                RenewTime = now,
                LeaseTransitions = 0,
            },
        };
        try
        {
            return await _client.CreateAsync(lease, cancellationToken: cancellationToken);
        }
        catch (KubernetesException e) when (e.IsAlreadyExists)
        {
            // Another candidate was faster.
            return null;
        }
    }

    private async Task<Lease?> ReplaceAsync(Lease lease, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.ReplaceAsync(lease, cancellationToken: cancellationToken);
        }
        catch (KubernetesException e) when (e.IsConflict)
        {
            // Someone wrote between our read and our write; the next round sees what.
            return null;
        }
    }

    private bool Adopt(Lease? lease, long startedAt)
    {
        if (lease is null)
        {
            return false;
        }

        Observe(lease);

        // From before the request: others count from after it, so that our view ends first.
        Volatile.Write(ref _renewedAt, startedAt);
        _holding = true;
        return true;
    }

    private void Observe(Lease lease)
    {
        Lease? known = _observed;
        if (known is null || known.Metadata.Uid != lease.Metadata.Uid || known.Metadata.ResourceVersion != lease.Metadata.ResourceVersion)
        {
            _observedAt = _time.GetTimestamp();
            Volatile.Write(ref _observed, lease);
        }
    }

    private bool HasExpired(LeaseSpec spec) =>
        _time.GetElapsedTime(_observedAt) >= TimeSpan.FromSeconds(spec.LeaseDurationSeconds ?? _options.LeaseDuration.TotalSeconds);

    /// <summary>Hands over at once instead of letting the others wait out the duration.</summary>
    private async Task ReleaseAsync()
    {
        using CancellationTokenSource deadline = new(_options.RetryPeriod, _time);
        try
        {
            Lease? lease = await _client.GetAsync<Lease>(_options.LeaseName, _options.LeaseNamespace, deadline.Token);
            if (lease?.Spec is not { } spec || spec.HolderIdentity != _options.Identity)
            {
                return;
            }

            spec.HolderIdentity = "";
            spec.LeaseDurationSeconds = 1;
            spec.RenewTime = _time.GetUtcNow();
            await _client.ReplaceAsync(lease, cancellationToken: deadline.Token);
        }
        catch (Exception e) when (e is KubernetesException or HttpRequestException or IOException or TimeoutException or InvalidDataException or OperationCanceledException)
        {
            // It expires by itself.
            LogAttemptFailed(_logger, _options.LeaseNamespace, _options.LeaseName, e.Message);
        }
    }

    /// <summary>The retry period, jittered, but never beyond the point where the claim ends.</summary>
    private Task DelayAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        TimeSpan period = _options.RetryPeriod * (1 + (Random.Shared.NextDouble() * (JitterFactor - 1)));
        return limit <= TimeSpan.Zero ? Task.CompletedTask : Task.Delay(period < limit ? period : limit, _time, cancellationToken);
    }

    /// <summary>Once per reason: a missing right fails every two seconds.</summary>
    private void AttemptFailed(string error)
    {
        if (Interlocked.Exchange(ref _lastError, error) != error)
        {
            LogAttemptFailed(_logger, _options.LeaseNamespace, _options.LeaseName, error);
        }
    }

    [LoggerMessage(EventId = 30, Level = LogLevel.Information, Message = "Leading: lease {Namespace}/{Name} is held by {Identity}")]
    private static partial void LogAcquired(ILogger logger, string @namespace, string name, string identity);

    [LoggerMessage(EventId = 31, Level = LogLevel.Warning, Message = "Lease {Namespace}/{Name} was taken by {Holder}")]
    private static partial void LogLost(ILogger logger, string @namespace, string name, string? holder);

    [LoggerMessage(EventId = 32, Level = LogLevel.Warning, Message = "Lease {Namespace}/{Name} could not be renewed within {Deadline}: no longer leading")]
    private static partial void LogDeadline(ILogger logger, string @namespace, string name, TimeSpan deadline);

    [LoggerMessage(EventId = 33, Level = LogLevel.Warning, Message = "Lease {Namespace}/{Name}: attempt failed: {Error}")]
    private static partial void LogAttemptFailed(ILogger logger, string @namespace, string name, string error);

    [LoggerMessage(EventId = 34, Level = LogLevel.Information, Message = "Stopped leading by lease {Namespace}/{Name}")]
    private static partial void LogStopped(ILogger logger, string @namespace, string name);
}
