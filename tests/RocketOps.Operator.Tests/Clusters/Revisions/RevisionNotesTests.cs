using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Revisions;

namespace RocketOps.Operator.Tests.Clusters.Revisions;

public sealed class RevisionNotesTests
{
    private readonly RevisionNotes _notes = new();

    [Fact]
    public void SameInstance_IsReadOnce()
    {
        StatefulSet set = Set("true");
        GroupRevision read = _notes.Of(set);

        read.Should().Be(GroupRevision.Of(set)).And.Match<GroupRevision>(static revision => revision.Proven);
        _notes.Of(set).Should().BeSameAs(read);
    }

    [Fact]
    public void OtherInstance_IsReadAnew()
    {
        _notes.Of(Set("true")).Proven.Should().BeTrue();
        _notes.Of(Set("false")).Proven.Should().BeFalse();
    }

    [Fact]
    public void NoSet_NothingIsKnown() => _notes.Of(null).Should().BeSameAs(GroupRevision.None);

    private static StatefulSet Set(string proven) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = "a-0",
            Namespace = "default",
            Annotations = new() { [GroupRevision.CurrentAnnotation] = TemplateText.Write(new PodTemplateSpec()), [GroupRevision.ProvenAnnotation] = proven },
        },
    };
}
