using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Events;

/// <summary>
/// Tells people what happened to an object, as <c>kubectl describe</c> shows it. On transitions and actions only, never on each pass. Never blocks, never
/// fails: events are best effort.
/// </summary>
public interface IEventRecorder
{
    /// <param name="regarding">The object the event is about.</param>
    /// <param name="type">Normal or warning.</param>
    /// <param name="reason">CamelCase, for programs: <c>PodRestarted</c>. At most 128 characters.</param>
    /// <param name="action">CamelCase verb, what was done or tried: <c>Restart</c>. At most 128 characters.</param>
    /// <param name="note">For people; cut at 1 KiB. Repetitions of the same note are counted; from the tenth different note within ten minutes on they are combined.</param>
    /// <param name="related">A second object taking part.</param>
    void Record(IKubernetesObject regarding, EventType type, string reason, string action, string note, IKubernetesObject? related = null);
}

public enum EventType
{
    Normal,
    Warning,
}
