using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Crds;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Kubernetes.Tests.Support;

namespace RocketOps.Kubernetes.Tests.Crds;

public sealed class CrdGeneratorTests
{
    [Fact]
    public void GenerateYaml_OfTheTestEntity_IsTheGoldenFile() => Golden.Check("Crds/widget.yaml", CrdGenerator.GenerateYaml(typeof(Widget)));

    [Theory]
    [InlineData(typeof(Recursive), "contains itself")]
    [InlineData(typeof(LengthOfNumber), "[Length] goes with string")]
    [InlineData(typeof(KeyNotRequired), "must be required")]
    [InlineData(typeof(ColumnWithoutPath), "JsonPath")]
    [InlineData(typeof(string), "[KubernetesEntity]")]
    public void Generate_WhatASchemaCannotSay_IsRefused(Type type, string words)
    {
        Func<JsonObject> generate = () => CrdGenerator.Generate(type);

        generate.Should().Throw<InvalidOperationException>().WithMessage($"*{words}*");
    }

    [Fact]
    public void Generate_TwoVersionsWithoutAStoredOne_IsRefused()
    {
        Func<JsonObject> generate = () => CrdGenerator.Generate(typeof(Widget), typeof(Widget));

        generate.Should().Throw<InvalidOperationException>().WithMessage("*StorageVersion*");
    }

    [KubernetesEntity(Group = "t", Kind = "T", PluralName = "ts")]
    private sealed class Recursive : CustomEntity<Node, Empty>;

    [KubernetesEntity(Group = "t", Kind = "T", PluralName = "ts")]
    private sealed class LengthOfNumber : CustomEntity<WrongLength, Empty>;

    [KubernetesEntity(Group = "t", Kind = "T", PluralName = "ts")]
    private sealed class KeyNotRequired : CustomEntity<WrongKey, Empty>;

    [KubernetesEntity(Group = "t", Kind = "T", PluralName = "ts")]
    [PrinterColumn("Nowhere")]
    private sealed class ColumnWithoutPath : CustomEntity<Empty, Empty>;

    private sealed class Empty;

    private sealed class Node
    {
        public List<Node>? Children { get; set; }
    }

    private sealed class WrongLength
    {
        [Length(1, 2)]
        public int Number { get; set; }
    }

    private sealed class WrongKey
    {
        [ListMapKeys("name")]
        public List<Item>? Items { get; set; }
    }

    private sealed class Item
    {
        public string? Name { get; set; }
    }
}
