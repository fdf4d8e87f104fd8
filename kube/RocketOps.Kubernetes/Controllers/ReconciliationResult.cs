using System.Diagnostics.CodeAnalysis;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>Result of a pass: how it ended, and when the next one is due without an event.</summary>
[SuppressMessage("Design", "CA1000:Do not declare static members on generic types", Justification = "The shape is KubeOps'.")]
public sealed class ReconciliationResult<TEntity>
    where TEntity : class, IKubernetesObject
{
    private ReconciliationResult(TEntity entity, bool isSuccess, string? errorMessage, Exception? error, TimeSpan? requeueAfter)
    {
        Entity = entity;
        IsSuccess = isSuccess;
        ErrorMessage = errorMessage;
        Error = error;
        RequeueAfter = requeueAfter;
    }

    public TEntity Entity { get; }

    public bool IsSuccess { get; }

    public bool IsFailure => !IsSuccess;

    public string? ErrorMessage { get; }

    public Exception? Error { get; }

    /// <summary>Null: after success at the next event or resync, after failure by back-off.</summary>
    public TimeSpan? RequeueAfter { get; }

    public static ReconciliationResult<TEntity> Success(TEntity entity, TimeSpan? requeueAfter = null) =>
        new(entity, isSuccess: true, errorMessage: null, error: null, requeueAfter);

    public static ReconciliationResult<TEntity> Failure(TEntity entity, string errorMessage, Exception? error = null, TimeSpan? requeueAfter = null) =>
        new(entity, isSuccess: false, errorMessage, error, requeueAfter);
}
