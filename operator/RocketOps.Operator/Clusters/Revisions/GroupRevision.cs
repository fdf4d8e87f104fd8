using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Revisions;

/// <summary>
/// Notes about a group's template in its set's annotations. They change in one write with it, so that any operator that comes back, of
/// whatever version, finds the two as they belong together.
/// </summary>
/// <param name="Current">The template that the operator gave the set, as <see cref="TemplateText"/>; null of a set that was made before there was this note.</param>
/// <param name="Proven">A pod of it has served.</param>
/// <param name="LastGood">The last one before it with which all pods served; null once all do with the present one, and where there was none: a template that a slave serves with may keep a master from starting.</param>
/// <param name="Failed">Hash of the template that did not start a pod, for which the set has its last good one again; null when there is none.</param>
/// <param name="FailedWhy">The pods that did not start, and why.</param>
/// <param name="IsDoubted">What fails, or has failed, may not have failed by itself: a pod did not start with what ran when the set got it, or with the last good template afterwards.</param>
internal sealed record GroupRevision(string? Current, bool Proven, string? LastGood, string? Failed, string? FailedWhy, bool IsDoubted = false)
{
    public const string CurrentAnnotation = "rocketops.io/template";
    public const string ProvenAnnotation = "rocketops.io/proven";
    public const string LastGoodAnnotation = "rocketops.io/last-good-template";
    public const string FailedAnnotation = "rocketops.io/failed";
    public const string FailedWhyAnnotation = "rocketops.io/failed-why";
    public const string DoubtedAnnotation = "rocketops.io/failed-doubted";

    /// <summary>Nothing is known: of a set that is not there, or is older than these notes.</summary>
    public static readonly GroupRevision None = new(null, false, null, null, null);

    // All annotations of an object have 256 KiB together. A template that is larger is one of somebody who tries what goes; it has no way back.
    private const int MostKept = 96 * 1024;

    /// <summary>Nobody knows yet whether pods of the template serve.</summary>
    public bool IsTried => Current is not null && !Proven;

    /// <summary>There is a template to go back to.</summary>
    public bool HasWayBack => LastGood is not null;

    public static GroupRevision Of(StatefulSet? set) => set?.Annotation(CurrentAnnotation) is { } current && TemplateText.Read(current) is not null
        ? new GroupRevision(
            current,
            set.Annotation(ProvenAnnotation) == "true",
            set.Annotation(LastGoodAnnotation) is { } good && TemplateText.Read(good) is not null ? good : null,
            set.Annotation(FailedAnnotation),
            set.Annotation(FailedWhyAnnotation),
            set.Annotation(DoubtedAnnotation) == "true")
        : None;

    /// <summary>Returns true when a template is the one that did not start a pod here.</summary>
    public bool HasFailed(string template) => Failed is not null && Failed == TemplateText.Hash(template);

    /// <summary>Returns the notes of a set that gets what was chosen.</summary>
    /// <param name="choice">What was chosen.</param>
    /// <param name="wanted">The template that is asked for.</param>
    /// <param name="isBroken">A pod does not start with the template that the set has.</param>
    public GroupRevision Next(RevisionChoice choice, string wanted, bool isBroken)
    {
        string given = choice switch
        {
            RevisionChoice.Keep when Current is not null => Current,
            RevisionChoice.Return when HasWayBack => LastGood!,
            _ => wanted,
        };
        bool failed = HasFailed(wanted);
        bool proven = given == Current ? Proven : given == LastGood;
        string? good = given == Current ? LastGood : proven ? null : LastGood ?? (Proven ? Current : null);
        bool doubted = failed || (given == Current && Failed is null) ? IsDoubted : given != Current && !proven && Proven && isBroken;
        return new GroupRevision(given.Length > MostKept ? null : given, proven, good, failed ? Failed : null, failed ? FailedWhy : null, doubted);
    }

    /// <summary>A pod of the template serves.</summary>
    public GroupRevision Prove() => this with { Proven = true };

    /// <summary>All pods of the group serve with the template.</summary>
    public GroupRevision Settle() => this with { Proven = true, LastGood = null, IsDoubted = false };

    /// <summary>The last good template cannot come back: it does not know all members that there are from here on.</summary>
    public GroupRevision WithoutWayBack() => this with { LastGood = null, IsDoubted = Failed is not null && IsDoubted };

    /// <summary>The template did not start a pod: the last good one instead.</summary>
    public GroupRevision Fail(string why) => new(LastGood, true, null, TemplateText.Hash(Current!), why, IsDoubted);

    /// <summary>Forgets the failure, so that what failed is tried again.</summary>
    public GroupRevision Forgive() => this with { Failed = null, FailedWhy = null, IsDoubted = false };

    /// <summary>Writes the notes into a set's annotations.</summary>
    public void NoteIn(Dictionary<string, string> annotations)
    {
        Note(CurrentAnnotation, Current);
        Note(ProvenAnnotation, Current is not null && Proven ? "true" : null);
        Note(LastGoodAnnotation, Current is null ? null : LastGood);
        Note(FailedAnnotation, Failed);
        Note(FailedWhyAnnotation, FailedWhy);
        Note(DoubtedAnnotation, IsDoubted ? "true" : null);

        void Note(string key, string? value)
        {
            if (value is not null)
            {
                annotations[key] = value;
            }
        }
    }
}
